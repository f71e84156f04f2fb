import { expect, test } from "vitest";
import { exportError, exported, weightsOf } from "../../../../test/onnx/exported.js";

const input = `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 3 dim: 3 } } }`;
const norm = (top = "x") =>
  `layer { name: "norm" type: "BatchNorm" bottom: "x" top: "${top}" batch_norm_param { eps: 0.1 } }`;
const filler = `filler { type: "gaussian" std: 1 }`;
const scale = (bottom = "x", param = "bias_term: true") =>
  `layer { name: "scale" type: "Scale" bottom: "${bottom}" top: "y" scale_param { ${param} ${filler} bias_${filler} } }`;
const bias = (bottom: string) =>
  `layer { name: "bias" type: "Bias" bottom: "${bottom}" top: "y" bias_param { ${filler} } }`;

const values = (shape: readonly number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });
const weights = weightsOf({ norm: [values([3], 2.5, -5, 0.25), values([3], 2.5, 10, 0.025), values([1], 2.5)] });
const keep = { batchNorm: "keep" } as const;

/** The operators, by the names of what they make. */
async function operators(text: string) {
  const { exported: net } = await exported(text, weights, keep);
  return net.model.graph?.node.map(({ opType, output }) => `${output.join()} = ${opType}`) ?? [];
}

test.each([
  ["a Scale", input + norm("n") + scale("n")],
  ["a Scale in place", input + norm() + scale()],
  ["a Scale without bias", input + norm() + scale("x", "")],
  ["a Scale whose axis is counted from the end", input + norm() + scale("x", "axis: -3")],
  ["a Bias", input + norm("n") + bias("n")],
  ["a Scale and a Bias", input + norm() + scale().replace('"y"', '"s"') + bias("s")],
])("a BatchNorm and %s are one BatchNormalization", async (_, text) => {
  expect(await operators(text)).toEqual(["y = BatchNormalization"]);
  for (const opset of [11, 15]) {
    expect(await exportError(text, { ...keep, weights, opset, more: [{ x: [5, 3, 3, 3] }] })).toBeLessThan(1e-6);
  }
});

const readTwice = `${input} ${norm("n")} ${scale("n")}`;
test.each([
  [
    "a Scale along another axis, of the same size",
    input + norm("n") + scale("n", "axis: 2"),
    ["n = BatchNormalization", "y = Mul"],
  ],
  ["a Scale of all", input + norm("n") + scale("n", "num_axes: 0"), ["n = BatchNormalization", "y = Mul"]],
  [
    "a Scale, where another layer reads the BatchNorm's top too",
    `${readTwice} layer { name: "z" type: "AbsVal" bottom: "n" top: "z" }`,
    ["n = BatchNormalization", "scaled = Mul", "y = Add", "z = Abs"],
  ],
])("%s stays", async (_, text, wanted) => {
  expect((await operators(text)).map((each) => each.replace(/^scale\/\S*/, "scaled"))).toEqual(wanted);
});
