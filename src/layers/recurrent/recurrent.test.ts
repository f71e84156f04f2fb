// What LSTM and RNN have in common: their unrolled form, the state they keep, the draws of their fillers, their errors.
import { describe, expect, test } from "vitest";
import { buildError, layerNet } from "../../../test/layers.js";
import type { Net } from "../../core/net.js";
import { ReferenceEngine } from "../../engines/reference/index.js";
import { Random } from "../../util/random.js";
import { countOf, type Shape } from "../../util/shape.js";
import type { RecurrentLayer } from "./recurrent.js";

type Type = "LSTM" | "RNN";
const types = ["LSTM", "RNN"] as const;
const [T, N, D] = [3, 2, 4];
const states = { LSTM: ["h_0", "c_0"], RNN: ["h_0"] } as const;
const gates = { LSTM: 4, RNN: 1 } as const;
const fillers = 'weight_filler { type: "uniform" min: -1 max: 1 } bias_filler { type: "uniform" min: -1 max: 1 }';
const after = 'layer { name: "after" type: "InnerProduct" bottom: "y" top: "z" inner_product_param { num_output: 2 ';
const behind = `${after} axis: 2 ${fillers} } }`;

/** The layer itself. */
function layer(type: Type, bottoms: readonly string[], tops: readonly string[] = ["y"], param = fillers): string {
  const fields = [...bottoms.map((name) => `bottom: "${name}"`), ...tops.map((name) => `top: "${name}"`)].join(" ");
  return `layer { name: "layer" type: "${type}" ${fields} recurrent_param { num_output: ${D} ${param} } }`;
}

/** The net that Caffe makes of it: one layer for each operation of each step, which share their weights by name. */
function unrolled(type: Type): string {
  const times = Array.from({ length: T }, (_, i) => i + 1);
  const product = (name: string, bottom: string, params: readonly string[], output: number, axis = 2) =>
    `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}" ` +
    `${params.map((param) => `param { name: "${param}" }`).join(" ")} inner_product_param { ` +
    `num_output: ${output} axis: ${axis} bias_term: ${params.length > 1} ${fillers} } }`;
  const slice = (bottom: string) =>
    `layer { name: "${bottom} slice" type: "Slice" bottom: "${bottom}" ` +
    `${times.map((t) => `top: "${bottom}_${t}"`).join(" ")} slice_param { axis: 0 } }`;
  const rows = gates[type] * D;
  const step = (t: number) => [
    `layer { name: "hc_${t}" type: "Scale" bottom: "h_${t - 1}" bottom: "cont_${t}" top: "hc_${t}" scale_param { axis: 0 } }`,
    product(`r_${t}`, `hc_${t}`, ["W_h"], rows),
    `layer { name: "g_${t}" type: "Eltwise" bottom: "r_${t}" bottom: "W_x_${t}" bottom: "s" top: "g_${t}" }`,
    ...(type === "LSTM"
      ? [
          `layer { name: "unit_${t}" type: "LSTMUnit" bottom: "c_${t - 1}" bottom: "g_${t}" bottom: "cont_${t}" top: "c_${t}" top: "h_${t}" }`,
        ]
      : [
          `layer { name: "h_${t}" type: "TanH" bottom: "g_${t}" top: "h_${t}" }`,
          product(`p_${t}`, `h_${t}`, ["W_o", "b_o"], D),
          `layer { name: "o_${t}" type: "TanH" bottom: "p_${t}" top: "o_${t}" }`,
        ]),
  ];
  const out = type === "LSTM" ? "h" : "o";
  return [
    slice("cont"),
    product("W_x", "x", ["W", "b"], rows),
    product("static", "xs", ["W_s"], rows, 1),
    `layer { name: "s" type: "Reshape" bottom: "static" top: "s" reshape_param { shape { dim: 1 dim: -1 dim: ${rows} } } }`,
    slice("W_x"),
    ...times.flatMap(step),
    `layer { name: "y" type: "Concat" ${times.map((t) => `bottom: "${out}_${t}"`).join(" ")} top: "y" concat_param { axis: 0 } }`,
    behind,
  ].join("\n");
}

const uniform = (shape: Shape, seed: number) => {
  const values = new Float32Array(countOf(shape));
  new Random(seed).uniform(values, -1, 1);
  return values;
};

/** Everything a net computes from these inputs, and what flows back from random diffs of z. */
async function results(net: Net, inputs: Readonly<Record<string, Float32Array>>) {
  await net.forward(inputs);
  net.clearParamDiffs();
  net.blobs.get("z")?.diff.set(uniform([T, N, 2], 99));
  await net.backward();
  return net;
}

describe.each(types)("%s", (type) => {
  test("computes what its unrolled net computes, gradients and all, from the same seed", async () => {
    const shapes: Record<string, Shape> = { x: [T, N, 5], cont: [T, N], xs: [N, 3] };
    for (const state of states[type]) shapes[state] = [1, N, D];
    const inputs = Object.fromEntries(Object.entries(shapes).map(([name, shape], i) => [name, uniform(shape, i)]));
    inputs.cont = Float32Array.of(1, 0, 1, 1, 0, 1);
    const shown = layer(
      type,
      Object.keys(shapes),
      ["y", "h", "c"].slice(0, 1 + states[type].length),
      `${fillers} expose_hidden: true`,
    );
    const build = (text: string) =>
      layerNet(text, shapes, { header: "force_backward: true", engine: new ReferenceEngine(64) });
    const [one, many] = [await build(shown + behind), await build(unrolled(type))];
    const close = (actual: Float32Array | undefined, wanted: Float32Array | undefined, what: string) => {
      expect(actual?.length, what).toBeGreaterThan(0);
      expect(actual?.length, what).toBe(wanted?.length);
      actual?.forEach((value, i) => void expect(value, `${what}[${i}]`).toBeCloseTo(wanted?.[i] ?? Number.NaN, 12));
    };
    const own = many.learnables.filter(({ layer: { name } }) => name !== "after");
    expect(one.params.get("layer")?.map(({ shape }) => shape)).toEqual(own.map(({ tensor }) => tensor.shape));
    await results(one, inputs);
    await results(many, inputs);
    own.forEach(({ tensor, label }, i) => {
      const param = one.params.get("layer")?.[i];
      expect([...(param?.data ?? [])], label).toEqual([...tensor.data.array]);
      close(param?.diff, tensor.blob.diff, `gradient of ${label}`);
    });
    // What the layer behind has drawn shows how much was drawn before.
    expect(one.params.get("after")?.map(({ data }) => [...data])).toEqual(
      many.params.get("after")?.map(({ data }) => [...data]),
    );
    close(one.blobs.get("y")?.data, many.blobs.get("y")?.data, "y");
    for (const [i, top] of ["h", "c"].slice(0, states[type].length).entries()) {
      close(one.blobs.get(top)?.data, many.blobs.get(`${states[type][i]?.[0]}_${T}`)?.data, `${top} at the end`);
    }
    for (const name of Object.keys(shapes).filter((each) => each !== "cont")) {
      close(one.blobs.get(name)?.diff, many.blobs.get(name)?.diff, `gradient of ${name}`);
    }
    await Promise.all([one.dispose(), many.dispose()]);
  });

  /** A net with cont 1 everywhere, and its outputs for these steps. */
  const going = async (steps: number) => {
    const net = await layerNet(layer(type, ["x", "cont"]), { x: [steps, N, 2], cont: [steps, N] });
    const run = async (values: Float32Array) => {
      const { y = [] } = await net.forward({ x: values, cont: new Float32Array(values.length / 2).fill(1) });
      return [...y];
    };
    return { net, run };
  };
  const sequence = uniform([6, N, 2], 5);

  test("goes on where the forward before ended", async () => {
    const [whole, parts] = [await going(6), await going(2)];
    const expected = await whole.run(sequence);
    const actual: number[] = [];
    for (let i = 0; i < 3; i++) actual.push(...(await parts.run(sequence.subarray(8 * i, 8 * (i + 1)))));
    expect(actual).toEqual(expected);
    expect(await whole.run(sequence)).not.toEqual(expected);
    (whole.net.layers.at(-1) as RecurrentLayer).reset();
    expect(await whole.run(sequence)).toEqual(expected);
    await Promise.all([whole.net.dispose(), parts.net.dispose()]);
  });

  test("keeps its state when steps, or the net whose weights it shares, change, and forgets it for other streams", async () => {
    const [whole, parts] = [await going(6), await going(2)];
    const expected = await whole.run(sequence);
    const actual = await parts.run(sequence.subarray(0, 8));
    parts.net.shareTrainedLayersWith(whole.net);
    parts.net.reshape({ x: [4, N, 2], cont: [4, N] });
    actual.push(...(await parts.run(sequence.subarray(8))));
    expect(actual).toEqual(expected);
    parts.net.reshape({ x: [4, 1, 2], cont: [4, 1] });
    const fresh = await going(6);
    fresh.net.reshape({ x: [4, 1, 2], cont: [4, 1] });
    expect(await parts.run(sequence.subarray(0, 8))).toEqual(await fresh.run(sequence.subarray(0, 8)));
    await Promise.all([whole, parts, fresh].map(({ net }) => net.dispose()));
  });

  test("goes on in another process, from the state it saved", async () => {
    const [first, second] = [await going(6), await going(6)];
    await first.run(sequence);
    const [a, b] = [first, second].map(({ net }) => net.layers.at(-1) as RecurrentLayer) as [
      RecurrentLayer,
      RecurrentLayer,
    ];
    b.restoreState(JSON.parse(JSON.stringify(a.saveState())));
    expect(await second.run(sequence)).toEqual(await first.run(sequence));
    for (const wrong of [undefined, {}, [[1]], [["1"]], [null, null], new Array(states[type].length).fill([1, 2, 3])]) {
      expect(() => b.restoreState(wrong)).toThrow(`must be ${states[type].length} lists of ${N * D} numbers, or none`);
    }
    await Promise.all([first.net.dispose(), second.net.dispose()]);
  });

  test("begins anew where cont is 0", async () => {
    const { net } = await going(2);
    const cont = Float32Array.of(0, 0, 1, 0);
    const x = Float32Array.of(1, 2, 3, 4, 5, 6, 3, 4);
    const { y: once = [] } = await net.forward({ x, cont });
    const { y: again = [] } = await net.forward({ x, cont });
    expect(again).toEqual(once);
    // The second stream reads 3, 4 twice, and begins twice.
    expect(once.slice(3 * D)).toEqual(once.slice(D, 2 * D));
    await net.dispose();
  });

  test("lets a layer change its top in place", async () => {
    const zero = 'layer { name: "zero" type: "Power" bottom: "y" top: "y" power_param { scale: 0 } }';
    const shapes = { x: [4, N, 2], cont: [4, N] };
    const [plain, changed] = [
      await layerNet(layer(type, ["x", "cont"]), shapes, { header: "force_backward: true" }),
      await layerNet(layer(type, ["x", "cont"]) + zero, shapes, { header: "force_backward: true" }),
    ];
    const cont = new Float32Array(4 * N).fill(1);
    for (const net of [plain, changed]) {
      for (let i = 0; i < 2; i++) await net.forward({ x: uniform([4, N, 2], 3), cont });
      net.blobs.get("y")?.diff.set(uniform([4, N, D], 4));
      await net.backward({ from: "layer", to: "layer" });
    }
    expect(changed.blobs.get("y")?.data.some(Boolean)).toBe(false);
    expect(changed.params.get("layer")?.map(({ diff }) => [...diff])).toEqual(
      plain.params.get("layer")?.map(({ diff }) => [...diff]),
    );
    expect([...(changed.blobs.get("x")?.diff ?? [])]).toEqual([...(plain.blobs.get("x")?.diff ?? [])]);
    await Promise.all([plain.dispose(), changed.dispose()]);
  });

  test("draws nothing for blobs that stand in its message", async () => {
    const { net } = await going(3);
    const blobs = net.params.get("layer")?.map(({ shape, count }) => {
      const dims = shape.map((dim) => `dim: ${dim}`).join(" ");
      return `blobs { shape { ${dims} } ${"data: 0.5 ".repeat(count)} }`;
    });
    await net.dispose();
    const text = `${layer(type, ["x", "cont"]).replace(/}$/, `${blobs?.join(" ")} }`)} ${behind}`;
    const given = await layerNet(text, { x: [3, N, 2], cont: [3, N] }, { seed: 3 });
    expect(given.params.get("layer")?.every(({ data }) => data.every((value) => value === 0.5))).toBe(true);
    expect(given.params.get("after")?.[0]?.data).toEqual(uniform([2, D], 3));
    await given.dispose();
  });

  const x = [3, 2, 5];
  const cont = [3, 2];
  test.each<[string, string, Record<string, Shape>, string]>([
    [
      "num_output",
      layer(type, ["x", "cont"]).replace("num_output: 4", "num_output: 0"),
      { x, cont },
      "recurrent_param.num_output must be",
    ],
    ["x of two axes", layer(type, ["x", "cont"]), { x: [3, 2], cont }, "bottom 0 must be steps × streams × values"],
    ["no steps", layer(type, ["x", "cont"]), { x: [0, 2, 5], cont: [0, 2] }, "with at least one step"],
    [
      "other steps",
      layer(type, ["x", "cont"]),
      { x, cont: [4, 2] },
      "bottom 1 must be steps × streams as in bottom 0, 3 2, but has shape 4 2 (8)",
    ],
    ["cont of three axes", layer(type, ["x", "cont"]), { x, cont: [3, 2, 1] }, "bottom 1 must be steps × streams"],
    [
      "another number of static inputs",
      layer(type, ["x", "cont", "xs"]),
      { x, cont, xs: [3, 2] },
      "bottom 2 must be streams × values, for 2 streams",
    ],
    [
      "static inputs without values",
      layer(type, ["x", "cont", "xs"]),
      { x, cont, xs: [2] },
      "bottom 2 must be streams × values",
    ],
    ["too few bottoms", layer(type, ["x", "cont"], ["y"], "expose_hidden: true"), { x, cont }, "bottoms, but has 2"],
  ])("refuses %s", async (_, text, inputs, message) => {
    expect(await buildError(text, inputs)).toContain(message);
  });

  test("refuses a first state of another shape", async () => {
    const shapes: Record<string, Shape> = { x, cont };
    for (const state of states[type]) shapes[state] = [1, 2, D];
    const text = layer(
      type,
      Object.keys(shapes),
      ["y", "h", "c"].slice(0, 1 + states[type].length),
      "expose_hidden: true",
    );
    expect(await buildError(text, { ...shapes, h_0: [2, D] })).toContain(
      `bottom 2 must be 1 × streams × num_output, 1 2 ${D}, but has shape 2 ${D}`,
    );
  });

  test("writes the gradients of those bottoms that need one", async () => {
    const shapes: Record<string, Shape> = { x, cont, xs: [2, 6] };
    for (const state of states[type]) shapes[state] = [1, 2, D];
    const names = Object.keys(shapes);
    const tops = ["y", "h", "c"].slice(0, 1 + states[type].length);
    const text = layer(type, names, tops, `${fillers} expose_hidden: true`);
    for (const learned of names.filter((name) => name !== "cont")) {
      const { [learned]: raw = [], ...others } = shapes;
      const up = `layer { name: "up" type: "Bias" bottom: "raw" top: "${learned}" bias_param { axis: 0 num_axes: 0 } }`;
      const loss = text.replace(/}$/, `${"loss_weight: 1 ".repeat(tops.length)} }`);
      const net = await layerNet(up + loss, { ...others, raw });
      const diffs = names.map((name) => net.blobs.get(name)?.diff.fill(7));
      await net.forward({ cont: [1, 1, 1, 0, 1, 1] });
      await net.backward();
      expect(names.filter((_, i) => diffs[i]?.some((value) => value !== 7))).toEqual([learned]);
      await net.dispose();
    }
  });

  test("gives no gradient to cont", async () => {
    const learned = 'layer { name: "up" type: "Bias" bottom: "raw" top: "cont" bias_param { axis: 0 num_axes: 0 } }';
    const text = `${learned} ${layer(type, ["x", "cont"]).replace(/}$/, "loss_weight: 1 }")}`;
    const net = await layerNet(text, { x, raw: cont });
    await net.forward();
    await expect(net.backward()).rejects.toThrow(/layer "layer" .*no gradient can go to bottom 1/);
    await net.dispose();
  });
});
