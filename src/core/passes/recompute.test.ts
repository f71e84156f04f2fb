import { expect, test } from "vitest";
import { netFromText } from "../../../test/nets.js";
import { ReferenceEngine } from "../../engines/reference/index.js";
import type { Net } from "../net.js";

/** Convolutions with batch normalization, as many as there are names; each reads the one before. */
const block = (name: string, bottom: string) => `
  layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { num_output: 4 kernel_size: 3 pad: 1 bias_term: false weight_filler { type: "msra" } } }
  layer { name: "bn_${name}" type: "BatchNorm" bottom: "${name}" top: "${name}" }
  layer { name: "scale_${name}" type: "Scale" bottom: "${name}" top: "${name}" scale_param { filler { type: "uniform" min: 0.5 max: 2 } bias_term: true bias_filler { type: "uniform" min: -1 } } }
  layer { name: "relu_${name}" type: "ReLU" bottom: "${name}" top: "${name}" relu_param { negative_slope: 0.1 } }`;

const chain = `layer { name: "x" type: "Input" top: "x" top: "label" input_param { shape { dim: 6 dim: 3 dim: 5 dim: 5 } shape { dim: 6 } } }
  ${block("a", "x")} ${block("b", "a")} ${block("c", "b")}
  layer { name: "ip" type: "InnerProduct" bottom: "c" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

const inputs = {
  x: Float32Array.from({ length: 450 }, (_, i) => Math.sin(i * i)),
  label: Float32Array.of(0, 1, 2, 2, 1, 0),
};

const load = (text: string, options: { fuse?: boolean; keep?: "all" | "outputs" }): Promise<Net> =>
  netFromText(text, { engine: new ReferenceEngine(), seed: 5, phase: "TRAIN", ...options });

const kernelsOf = (net: Net, direction: "forward" | "backward") =>
  (net.execution.plan[direction] ?? []).map((step) => (step.kind === "kernel" ? step.kernel : step.label));

test("what backward only reads is computed again, right before it is read", async () => {
  const net = await load(chain, { keep: "outputs" });
  const backward = kernelsOf(net, "backward");
  // Of "a" and "b"; nothing comes between the last of "c" and backward that could use its memory.
  expect(backward.filter((kernel) => kernel === "normalizeFused").length).toBe(2);
  for (const [i, kernel] of backward.entries()) {
    if (kernel === "normalizeFused") expect(["convBackwardWeights", "convBackwardData"]).toContain(backward[i + 1]);
  }
  await net.dispose();
});

test("gradients and statistics are those of the steps as they were recorded", async () => {
  const plain = await load(chain, { fuse: false });
  const net = await load(chain, { keep: "outputs" });
  for (let run = 0; run < 2; run++) {
    for (const each of [plain, net]) {
      each.clearParamDiffs();
      await each.forward(inputs);
      await each.backward();
    }
    for (const [name, blobs] of plain.params) {
      blobs.forEach((blob, i) => {
        const own = net.params.get(name)?.[i];
        for (const [at, value] of blob.diff.entries()) expect(own?.diff[at]).toBeCloseTo(value, 5);
        for (const [at, value] of blob.data.entries()) expect(own?.data[at]).toBeCloseTo(value, 5);
      });
    }
  }
  await plain.dispose();
  await net.dispose();
});

test("it saves memory", async () => {
  const size = async (text: string) => {
    const net = await load(text, { keep: "outputs" });
    const values = net.execution.memory?.size ?? 0;
    await net.dispose();
    return values;
  };
  const deep = (blocks: number) => {
    const names = Array.from({ length: blocks }, (_, i) => `n${i}`);
    return chain
      .replace(
        / *layer \{ name: "ip"/,
        `${names.map((name, i) => block(name, names[i - 1] ?? "c")).join("")} layer { name: "ip"`,
      )
      .replace('bottom: "c" top: "ip"', `bottom: "${names.at(-1)}" top: "ip"`);
  };
  // One blob of 6×4×5×5 a block, of the two that there are.
  const [few, many] = [await size(deep(4)), await size(deep(14))];
  expect((many - few) / 10).toBeLessThan(1.1 * 608);
  expect((many - few) / 10).toBeGreaterThanOrEqual(600);
});

test("what others keep, or read in parts, stays", async () => {
  const all = await load(chain, { keep: "all" });
  expect(kernelsOf(all, "backward")).not.toContain("normalizeFused");
  await all.dispose();
  const sliced = chain.replace(
    /layer \{ name: "c" type: "Convolution" bottom: "b"/,
    `layer { name: "slice" type: "Slice" bottom: "b" top: "s" top: "t" slice_param { slice_point: 2 } }
     layer { name: "silence" type: "Silence" bottom: "t" }
     layer { name: "c" type: "Convolution" bottom: "s"`,
  );
  const net = await load(sliced, { keep: "outputs" });
  expect(kernelsOf(net, "backward").filter((kernel) => kernel === "normalizeFused").length).toBe(1);
  await net.dispose();
});
