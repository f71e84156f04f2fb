import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkEnginesAgree } from "../../../test/engine-agreement.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "Im2col" bottom: "x" top: "y" convolution_param { ${param} } }`;

/** Two channels of 2 × 3. */
const x = { shape: [1, 2, 2, 3], data: [1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60] };

test("gives each weight of a kernel a channel of what it meets", async () => {
  const { y } = await runLayer(layer("kernel_size: 2"), { x });
  expect(y.shape).toEqual([1, 8, 1, 2]);
  expect(y.data).toEqual([1, 2, 2, 3, 4, 5, 5, 6, 10, 20, 20, 30, 40, 50, 50, 60]);
});

test("puts zeros where the padding is", async () => {
  const image = { shape: [1, 1, 1, 3], data: [1, 2, 3] };
  const { y } = await runLayer(layer("kernel_h: 1 kernel_w: 3 pad_h: 0 pad_w: 1"), { x: image });
  expect(y.data).toEqual([0, 1, 2, 1, 2, 3, 2, 3, 0]);
  const strided = await runLayer(layer("kernel_h: 1 kernel_w: 3 pad_h: 0 pad_w: 2 stride_h: 1 stride_w: 4"), {
    x: image,
  });
  expect(strided.y.data).toEqual([0, 3, 0, 0, 1, 0]);
});

test("leaves each value as it is, also what is not finite", async () => {
  const image = { shape: [1, 1, 3], data: [Number.POSITIVE_INFINITY, 1, Number.NaN] };
  const { y } = await runLayer(layer("kernel_size: 2"), { x: image });
  expect(y.data).toEqual([Number.POSITIVE_INFINITY, 1, 1, Number.NaN]);
});

test("makes a convolution of a matrix product", async () => {
  const geometry = "kernel_size: 3 kernel_size: 2 stride: 2 stride: 1 pad: 1 pad: 0 dilation: 1 dilation: 2";
  const weights = 'num_output: 1 bias_term: false weight_filler { type: "uniform" min: -1 }';
  const convolution = layer(`${weights} ${geometry}`).replace("Im2col", "Convolution");
  const net = await layerNet(
    `${layer(geometry)} ${convolution.replace('top: "y"', 'top: "z"').replace('"layer"', '"conv"')}`,
    {
      x: [1, 2, 5, 6],
    },
  );
  const image = Array.from({ length: 60 }, (_, i) => Math.sin(i));
  const { y, z } = await net.forward({ x: image });
  const w = [...(net.params.get("conv")?.[0]?.data ?? [])];
  const sums = [...z].map((_, at) => w.reduce((sum, weight, i) => sum + weight * y[i * z.length + at], 0));
  expect(y.length).toBe(12 * z.length);
  sums.forEach((sum, i) => void expect(sum).toBeCloseTo(z[i], 5));
  await net.dispose();
});

test.each([
  ["kernel_size: 3", [2, 4, 7, 8], [2, 36, 5, 6]],
  ["kernel_size: 3 stride: 2 pad: 1", [2, 4, 7, 8], [2, 36, 4, 4]],
  ["kernel_size: 3", [2, 4, 7], [2, 12, 5]],
  ["kernel_size: 2", [2, 1, 3, 4, 5], [2, 8, 2, 3, 4]],
  ["kernel_size: 3 axis: 0", [2, 4, 7, 8], [54, 2, 5, 6]],
  ["kernel_size: 3 axis: -3 force_nd_im2col: true engine: CUDNN", [2, 4, 7, 8], [2, 36, 5, 6]],
])("%s of %j: %j", async (param, bottom, top) => {
  const net = await layerNet(layer(param), { x: bottom });
  expect(net.blobs.get("y")?.shape).toEqual(top);
  await net.dispose();
});

test("says what is wrong with its bottom and fields", async () => {
  expect(await buildError(layer("kernel_size: 3"), { x: [2, 4] })).toBe(
    '<text>:3:1: layer "layer" (Im2col): needs a spatial axis behind the channels, but gets 2 4 (8)',
  );
  expect(await buildError(layer("kernel_size: 6"), { x: [1, 1, 5, 5] })).toMatch(
    /the kernel 6×6 does not fit into the padded bottom 1 1 5 5 \(25\)$/,
  );
  expect(await buildError(layer(""), { x: [1, 1, 5, 5] })).toMatch(/convolution_param.kernel_size must be given once/);
});

const cases: readonly [string, readonly number[]][] = [
  ["kernel_size: 2", [2, 2, 3, 4]],
  ["kernel_size: 3 stride: 2 pad: 1 dilation: 2", [1, 2, 5, 6]],
  ["kernel_size: 2 pad: 1", [2, 3, 4]],
  ["kernel_size: 2 stride: 2", [1, 2, 3, 2, 4]],
  ["kernel_size: 2 axis: 2", [2, 2, 2, 3, 3]],
];

describe("gradient", () => {
  test.each(cases)("%s of %j", (param, shape) => checkGradients({ layer: layer(param), inputs: { x: shape } }));
});

test.each(cases)("is the same on both engines: %s of %j", (param, shape) =>
  checkEnginesAgree({ layer: layer(param), inputs: { x: shape } }),
);

testContract("Im2col", { inputs: { x: imageShape }, param: "convolution_param { kernel_size: 3 pad: 1 stride: 2 }" });
