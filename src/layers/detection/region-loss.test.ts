// Numbers: numpy, double precision, the forks' loops written again from their formulas (loss, Σ g·cos(0.9·i), Σ |g| of the gradient g).
// No gradient: what training takes for it is no derivative of the printed loss; its numbers are compared below.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, layerNet } from "../../../test/layers.js";

const fields = "num_class: 2 num: 2 biases: 0.6 biases: 0.8 biases: 1.4 biases: 1.1";
const layer = (param: string) =>
  `layer { name: "layer" type: "RegionLoss" bottom: "x" bottom: "y" top: "loss" region_loss_param { ${param} } }`;
const shape = [2, 14, 3, 3];
const x = Array.from({ length: 252 }, (_, i) => 1.3 * Math.sin(i * 1.7 + 0.3));
const none = [0, 0, 0, 0, 0];
const truth = [
  [1, 0.42, 0.3, 0.3, 0.5],
  [0, 0.45, 0.4, 0.35, 0.45],
  [1, 0.9, 0.77, 0.1, 0.12],
  none,
  [0, 0.1, 0.85, 0.7, 0.65],
  none,
  [1, 0.5, 0.5, 0.4, 0.4],
  none,
].flat();
const corners = [
  [0, 2, 0, 0.27, 0.05, 0.57, 0.55, 0],
  [0, 1, 0, 0.3, 0.2, 0.62, 0.6, 0],
  Array<number>(8).fill(-1),
  [1, 1, 0, 0, 0.55, 0.7, 0.99, 1],
].flat();

async function lossOf(param: string, labels: readonly number[], labelShape: readonly number[]) {
  const net = await layerNet(
    layer(`${fields} ${param}`),
    { x: shape, y: labelShape },
    { header: "force_backward: true" },
  );
  try {
    await net.forward({ x, y: labels });
    await net.backward();
    const g = [...(net.blobs.get("x")?.diff ?? [])];
    return {
      loss: net.loss,
      wavy: g.reduce((sum, v, i) => sum + v * Math.cos(0.9 * i), 0),
      total: g.reduce((sum, v) => sum + Math.abs(v), 0),
    };
  } finally {
    await net.dispose();
  }
}

test.each([
  ["", truth, 130.6796568, 1.648814, 23.309786],
  ["rescore: 0", truth, 425.0157829, 2.8813656, 39.8804575],
  [
    "bias_match: 0 thresh: 0.1 object_scale: 5 noobject_scale: 1 coord_scale: 1 class_scale: 2",
    truth,
    11.2015604,
    -2.4172566,
    10.220466,
  ],
  ["coord_scale: 2 object_scale: 5", corners, 16.6530981, 0.1355297, 7.0203138],
] as const)("with %j", async (param, labels, loss, wavy, total) => {
  const computed = await lossOf(param, labels, labels === truth ? [2, 1, 4, 5] : [1, 1, 4, 8]);
  expect(Math.abs(computed.loss / loss - 1)).toBeLessThan(1e-5);
  expect(Math.abs(computed.wavy - wavy) / total).toBeLessThan(1e-5);
  expect(Math.abs(computed.total / total - 1)).toBeLessThan(1e-5);
});

describe("errors", () => {
  test("fields and shapes", async () => {
    const inputs = { x: shape, y: [2, 1, 4, 5] };
    expect(await buildError(layer(fields.replace("num: 2", "num: 3")), inputs)).toMatch(
      /above 0 for each of num 3 anchors/,
    );
    expect(await buildError(layer(`${fields} coords: 5`), inputs)).toMatch(/coords must be 4/);
    expect(await buildError(layer(fields), { ...inputs, x: [2, 14, 3, 4] })).toMatch(/must be square; it is 3 by 4$/);
    expect(await buildError(layer(fields), { ...inputs, x: [2, 12, 3, 3] })).toMatch(/\(N, 14, H, W\)/);
    expect(await buildError(layer(`${fields} softmax_tree: "t"`), { ...inputs, y: [1, 1, 4, 8] })).toMatch(
      /softmax_tree and class_map of Intel Caffe are not supported$/,
    );
  });

  test("a label that is no class", async () => {
    await expect(lossOf("", [0, 3, 0, 0.1, 0.1, 0.2, 0.2, 0], [1, 1, 1, 8])).rejects.toThrow(/row 0 has 2$/);
    await expect(lossOf("", [0, 0, 0, 0.1, 0.1, 0.2, 0.2, 0], [1, 1, 1, 8])).rejects.toThrow(/row 0 has -1$/);
  });
});

testContract("RegionLoss", {
  inputs: { a: [2, 14, 2, 2], label: [2, 0] },
  param: `region_loss_param { ${fields} }`,
});
