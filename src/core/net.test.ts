import { describe, expect, test } from "vitest";
import { netFromText } from "../../test/nets.js";

const input = (name: string, ...dim: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${dim.map((d) => `dim: ${d}`).join(" ")} } } }\n`;
const ip = (name: string, bottom: string, top: string, outputs: number, rest = "") =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${top}" ${rest}
    inner_product_param { num_output: ${outputs} weight_filler { type: "xavier" } } }\n`;
const relu = (blob: string, top = blob) =>
  `layer { name: "relu_${blob}" type: "ReLU" bottom: "${blob}" top: "${top}" }\n`;
const loss = (a: string, b: string) =>
  `layer { name: "loss" type: "EuclideanLoss" bottom: "${a}" bottom: "${b}" top: "loss" }\n`;

async function failure(text: string): Promise<string> {
  return netFromText(text).then(
    () => "no error",
    (error: Error) => error.message,
  );
}

describe("what a net shows", () => {
  test("blobs, params, layers, inputs and outputs, as pycaffe's Net", async () => {
    const net = await netFromText(`name: "small"\n${input("x", 2, 3)}${ip("fc", "x", "y", 4)}${relu("y")}`);
    expect(net.name).toBe("small");
    expect(net.inputs).toEqual(["x"]);
    expect(net.outputs).toEqual(["y"]);
    expect([...net.blobs.keys()]).toEqual(["x", "y"]);
    expect(net.layers.map(({ name, type, bottoms, tops }) => [name, type, bottoms, tops])).toEqual([
      ["x", "Input", [], ["x"]],
      ["fc", "InnerProduct", ["x"], ["y"]],
      ["relu_y", "ReLU", ["y"], ["y"]],
    ]);
    expect([...net.params.keys()]).toEqual(["fc"]);
    expect(net.params.get("fc")?.map(({ shape }) => shape)).toEqual([[4, 3], [4]]);
    expect(String(net.blobs.get("y"))).toBe("2 4 (8)");
    await net.dispose();
  });

  test("outputs in the order of their names", async () => {
    const net = await netFromText(input("x", 1, 2) + ip("b", "x", "zz", 1) + ip("a", "x", "aa", 1));
    expect(net.outputs).toEqual(["aa", "zz"]);
    await net.dispose();
  });
});

describe("forward", () => {
  test("takes inputs by name and returns copies of the outputs", async () => {
    const net = await netFromText(input("x", 1, 2) + relu("x", "y"));
    const { y } = await net.forward({ x: [-1, 5] });
    expect([...y]).toEqual([0, 5]);
    await net.forward({ x: [7, 8] });
    expect([...y]).toEqual([0, 5]);
    await net.dispose();
  });

  test("works on what was put into blobs, as in pycaffe", async () => {
    const net = await netFromText(input("x", 2) + relu("x", "y"));
    net.blobs.get("x")?.data.set([-3, 4]);
    expect([...(await net.forward()).y]).toEqual([0, 4]);
    await net.dispose();
  });

  test("runs from one layer to another, and returns that one's tops", async () => {
    const net = await netFromText(input("x", 1) + relu("x", "a") + relu("a", "b") + relu("b", "c"));
    await net.forward({ x: [1] });
    net.blobs.get("a")?.data.set([9]);
    expect(await net.forward({}, { from: "relu_a", to: "relu_a" })).toEqual({ b: Float32Array.of(9) });
    expect([...(net.blobs.get("c")?.data ?? [])]).toEqual([1]);
    await net.dispose();
  });

  test.each([
    [{ z: [1] }, {}, 'the net has no input "z"; its inputs are x'],
    [{ x: [1, 2, 3] }, {}, 'input "x" has shape 2 (2), but 3 values were given'],
    [{}, { to: "nowhere" }, 'the net has no layer "nowhere"'],
  ])("refuses %j %j", async (inputs, range, message) => {
    const net = await netFromText(input("x", 2) + relu("x", "y"));
    await expect(net.forward(inputs, range)).rejects.toThrow(message);
    await net.dispose();
  });
});

describe("backward", () => {
  test("adds to parameter diffs until they are cleared", async () => {
    const net = await netFromText(input("x", 1, 2) + input("t", 1, 1) + ip("fc", "x", "y", 1) + loss("y", "t"));
    await net.forward({ x: [1, 2], t: [100] });
    await net.backward();
    const diff = net.params.get("fc")?.[0].diff ?? new Float32Array();
    const once = [...diff];
    await net.backward();
    expect([...diff]).toEqual(once.map((value) => 2 * value));
    net.clearParamDiffs();
    expect([...diff]).toEqual([0, 0]);
    await net.dispose();
  });

  const views = { Flatten: "", Reshape: "reshape_param { shape { dim: 0 dim: -1 } }", Concat: "", Slice: "" };
  const ones = 'inner_product_param { num_output: 2 weight_filler { type: "constant" value: 1 } }';
  const ipOfOnes = `layer { name: "ip" type: "InnerProduct" bottom: "d" top: "ip" ${ones} }`;

  describe.each(Object.entries(views))("starts at a loss weight on a %s", (type, fields) => {
    test.each(["all", "outputs"] as const)("with %s kept, before and after a reshape", async (keep) => {
      const net = await netFromText(
        `${input("d", 2, 3)}${ipOfOnes} layer { name: "v" type: "${type}" bottom: "ip" top: "v" loss_weight: 2 ${fields} }`,
        { keep },
      );
      for (const batch of [2, 3, 2]) {
        net.reshape({ d: [batch, 3] });
        net.clearParamDiffs();
        await net.forward({ d: new Float32Array(3 * batch).fill(1) });
        await net.backward();
        expect([...(net.params.get("ip")?.[0].diff ?? [])]).toEqual(new Array(6).fill(2 * batch));
      }
      await net.dispose();
    });
  });

  test.each([
    [
      "in place",
      `${ipOfOnes} layer { name: "v" type: "Power" bottom: "ip" top: "ip" loss_weight: 2 power_param { scale: 3 } }`,
    ],
    [
      "on a view of a blob that a layer changes in place",
      `${ipOfOnes} layer { name: "p" type: "Power" bottom: "ip" top: "ip" power_param { scale: 3 } }
       layer { name: "v" type: "Flatten" bottom: "ip" top: "v" loss_weight: 2 }`,
    ],
  ])("is the same each time at a loss weight %s", async (_, layers) => {
    const net = await netFromText(input("d", 1, 3) + layers);
    for (let i = 0; i < 3; i++) {
      net.clearParamDiffs();
      await net.forward({ d: [1, 1, 1] });
      await net.backward();
      expect([...(net.params.get("ip")?.[0].diff ?? [])]).toEqual(new Array(6).fill(6));
    }
    await net.dispose();
  });

  test("starts at a diff that was put into a loss", async () => {
    const net = await netFromText(
      `${input("d", 1, 3)}${ipOfOnes} layer { name: "v" type: "Flatten" bottom: "ip" top: "v" loss_weight: 2 }`,
    );
    await net.forward({ d: [1, 1, 1] });
    net.blobs.get("v")?.diff.fill(5);
    await net.backward();
    expect([...(net.params.get("ip")?.[0].diff ?? [])]).toEqual(new Array(6).fill(5));
    await net.dispose();
  });

  test.each(["all", "outputs"] as const)("takes nothing from an output under no loss, with %s kept", async (keep) => {
    const net = await netFromText(
      `${input("d", 2, 3)}${ipOfOnes} layer { name: "f" type: "Flatten" bottom: "ip" top: "f" }
       layer { name: "loss" type: "Power" bottom: "ip" top: "loss" loss_weight: 2 }`,
      { keep },
    );
    await net.forward({ d: [1, 2, 3, 4, 5, 6] });
    net.blobs.get("f")?.diff.fill(100);
    await net.backward();
    expect([...(net.params.get("ip")?.[0].diff ?? [])]).toEqual([10, 14, 18, 10, 14, 18]);
    await net.dispose();
  });

  test("sums the gradients of all readers of a blob", async () => {
    const text = `force_backward: true\n${input("x", 1)}${relu("x", "a")}layer { name: "s" type: "Sigmoid" bottom: "x" top: "b" }
      layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "y" }`;
    const net = await netFromText(text);
    await net.forward({ x: [0.5] });
    net.blobs.get("y")?.diff.set([1]);
    await net.backward();
    const sigmoid = 1 / (1 + Math.exp(-0.5));
    expect(net.blobs.get("x")?.diff[0]).toBeCloseTo(1 + sigmoid * (1 - sigmoid), 6);
    await net.dispose();
  });

  test("does not go where nothing learns", async () => {
    const net = await netFromText(
      input("x", 1, 2) +
        input("t", 1, 1) +
        ip("a", "x", "y", 2, "param { lr_mult: 0 } param { lr_mult: 0 }") +
        ip("b", "y", "z", 1) +
        loss("z", "t"),
    );
    expect(net.nodes.map(({ layer, needsBackward }) => [layer.name, needsBackward])).toEqual([
      ["x", false],
      ["t", false],
      ["a", false],
      ["b", true],
      ["loss", true],
    ]);
    await net.dispose();
  });

  test("does not learn what does not reach a loss", async () => {
    const text = input("x", 1, 2) + input("t", 1, 1) + ip("a", "x", "y", 1) + ip("b", "x", "z", 1) + loss("y", "t");
    const net = await netFromText(text);
    expect(net.nodes.find(({ layer }) => layer.name === "b")?.needsBackward).toBe(false);
    await net.dispose();
  });

  test("propagate_down: false cuts the way back", async () => {
    const text =
      input("x", 1, 2) +
      input("t", 1, 1) +
      ip("a", "x", "y", 2) +
      ip("b", "y", "z", 1, "propagate_down: false") +
      loss("z", "t");
    const net = await netFromText(text);
    const a = net.nodes.find(({ layer }) => layer.name === "a");
    expect(a?.needsBackward).toBe(false);
    await net.dispose();
  });

  test("force_backward reaches the inputs", async () => {
    const net = await netFromText(`force_backward: true\n${input("x", 1)}${relu("x", "y")}`);
    await net.forward({ x: [2] });
    net.blobs.get("y")?.diff.set([3]);
    await net.backward();
    expect(net.blobs.get("x")?.diff[0]).toBe(3);
    await net.dispose();
  });

  test("is refused by a net built only for testing", async () => {
    const net = await netFromText(input("x", 1) + relu("x", "y"), { backward: false });
    await expect(net.backward()).rejects.toThrow("this net was built for testing only, without backward");
    await net.dispose();
  });
});

describe("losses", () => {
  test("count with their weight", async () => {
    const net = await netFromText(
      input("a", 1, 2) + input("b", 1, 2) + loss("a", "b").replace('top: "loss"', 'top: "loss" loss_weight: 3'),
    );
    const { loss: value } = await net.forward({ a: [1, 2], b: [0, 0] });
    expect(value[0]).toBe(2.5);
    expect(net.loss).toBe(7.5);
    expect(net.lossWeight("loss")).toBe(3);
    expect(net.blobs.get("loss")?.diff[0]).toBe(3);
    await net.dispose();
  });

  test("get a top even where the prototxt gives none", async () => {
    const net = await netFromText(input("a", 1) + input("b", 1) + loss("a", "b").replace('top: "loss"', ""));
    await net.forward({ a: [2], b: [0] });
    expect(net.loss).toBe(2);
    expect(net.outputs).toEqual([]);
    await net.dispose();
  });
});

describe("shared parameters", () => {
  const named = (name: string) => `param { name: "${name}" }`;

  test("are one: the same data, and the sum of gradients", async () => {
    const text =
      input("x", 1, 1) +
      ip("a", "x", "y", 1, named("w")) +
      ip("b", "y", "z", 1, named("w")) +
      input("t", 1, 1) +
      loss("z", "t");
    const net = await netFromText(text);
    const [a] = net.params.get("a") ?? [];
    const [b] = net.params.get("b") ?? [];
    a.data.set([2]);
    expect(b.data[0]).toBe(2);
    expect(net.learnables.length).toBe(3);
    await net.forward({ x: [3], t: [0] });
    await net.backward();
    const z = 2 * 2 * 3; // z = w·w·x, so dz/dw = 2·w·x
    expect(a.diff[0]).toBe(z * 2 * 2 * 3);
    await net.dispose();
  });

  test.each([
    [
      "a shape that differs",
      named("w"),
      named("w"),
      2,
      'param "w" has shape 2 1 (2) here, but 1 1 (1) in layer "a", which owns it',
    ],
    [
      "an lr_mult that differs",
      'param { name: "w" lr_mult: 1 }',
      'param { name: "w" lr_mult: 2 }',
      1,
      'shared param "w" has lr_mult 2 here, but 1 in layer "a"',
    ],
    [
      "a decay_mult that differs",
      'param { name: "w" decay_mult: 1 }',
      'param { name: "w" decay_mult: 0 }',
      1,
      'shared param "w" has decay_mult 0 here, but 1 in layer "a"',
    ],
  ])("refuse %s", async (_, first, second, outputs, message) => {
    expect(
      await failure(input("x", 1, 1) + ip("a", "x", "y", 1, first) + ip("b", "y", "z", outputs, second)),
    ).toContain(message);
  });

  test("with share_mode: PERMISSIVE need only equal counts", async () => {
    const permissive = 'param { name: "w" share_mode: PERMISSIVE }';
    const net = await netFromText(
      input("x", 1, 2) + input("u", 1, 1) + ip("a", "x", "y", 1, named("w")) + ip("b", "u", "z", 2, permissive),
    );
    expect(net.params.get("b")?.[0].shape).toEqual([2, 1]);
    net.params.get("a")?.[0].data.set([5, 6]);
    expect([...(net.params.get("b")?.[0].data ?? [])]).toEqual([5, 6]);
    await net.dispose();
  });
});

describe("reshape", () => {
  test("gives inputs another shape, and all that follows", async () => {
    const net = await netFromText(input("x", 1, 3) + ip("fc", "x", "y", 2) + relu("y"));
    await net.forward({ x: [1, 2, 3] });
    net.reshape({ x: [4, 3] });
    expect(net.blobs.get("y")?.shape).toEqual([4, 2]);
    const { y } = await net.forward({ x: [1, 2, 3, 1, 2, 3, 4, 5, 6, 1, 2, 3] });
    expect(y.subarray(0, 2)).toEqual(y.subarray(6, 8));
    await net.dispose();
  });

  test("says where it does not fit", async () => {
    const net = await netFromText(input("x", 1, 3) + ip("fc", "x", "y", 2));
    expect(() => net.reshape({ x: [1, 4] })).toThrow(
      '<text>:2:1: layer "fc" (InnerProduct): its bottom 1 4 (4) needs parameter 0 of shape 2 4 (8), but it has 2 3 (6)',
    );
    await net.dispose();
  });
});

describe("a net that cannot be", () => {
  test.each([
    [
      "an unknown type",
      'layer { name: "a" type: "ReLu" bottom: "x" top: "y" }',
      '<text>:2:1: layer "a" (ReLu): unknown layer type; did you mean "ReLU"?',
    ],
    [
      "a bottom nobody produces",
      relu("z", "y"),
      '<text>:2:1: layer "relu_z" (ReLU): bottom 0 is "z", which no layer above produces; there are "x"',
    ],
    [
      "a top produced twice",
      relu("x", "y") + relu("x", "y").replace("relu_x", "other"),
      'layer "other" (ReLU): top "y" is already produced by another layer',
    ],
    [
      "too many bottoms",
      'layer { name: "a" type: "ReLU" bottom: "x" bottom: "x" top: "y" }',
      'layer "a" (ReLU): needs exactly 1 bottom, but has 2',
    ],
    ["no top", 'layer { name: "a" type: "ReLU" bottom: "x" }', 'layer "a" (ReLU): needs exactly 1 top, but has 0'],
    [
      "work in place where a layer cannot",
      'layer { name: "a" type: "Flatten" bottom: "x" top: "x" }',
      'layer "a" (Flatten): cannot work in place: top "x" is its bottom; give it another name',
    ],
    [
      "too many param specs",
      ip("a", "x", "y", 1, "param { } param { } param { }"),
      'layer "a" (InnerProduct): has 3 param specs for 2 parameters',
    ],
    [
      "too many loss weights",
      relu("x", "y").replace("}", "loss_weight: 1 loss_weight: 1 }"),
      'layer "relu_x" (ReLU): has 2 loss_weight for 1 top; give none, or one each',
    ],
    [
      "propagate_down of another number",
      relu("x", "y").replace("}", "propagate_down: true propagate_down: true }"),
      'layer "relu_x" (ReLU): has 2 propagate_down for 1 bottom',
    ],
  ])("%s", async (_, layer, message) => {
    expect(await failure(input("x", 1, 2) + layer)).toContain(message);
  });
});

test("parameters may stand in the net's own message", async () => {
  const fc = ip("fc", "x", "y", 1).replace(
    "inner_product_param",
    "blobs { shape { dim: 1 dim: 2 } data: 3 data: 4 } blobs { shape { dim: 1 } data: 5 } inner_product_param",
  );
  const net = await netFromText(input("x", 1, 2) + fc);
  expect([...(await net.forward({ x: [1, 1] })).y]).toEqual([12]);
  await net.dispose();
  expect(await failure(input("x", 1, 3) + fc)).toContain(
    "blob 0 in its message has shape 1 2 (2), but it needs 1 3 (3)",
  );
});
