import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkEnginesAgree } from "../../../test/engine-agreement.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param: string, bottoms = ["x"], tops = ["y"], type = "Deconvolution") =>
  `layer { name: "layer" type: "${type}" ${bottoms.map((name) => `bottom: "${name}"`).join(" ")} ` +
  `${tops.map((name) => `top: "${name}"`).join(" ")} convolution_param { ${param} } }`;

/** One image, one channel. */
const x = { shape: [1, 1, 2, 2], data: [1, 2, 3, 4] };

test("adds each value's multiple of the kernel, and the bias", async () => {
  const { y } = await runLayer(layer("num_output: 1 kernel_size: 2"), { x }, [[1, 10, 100, 1000], [0.5]]);
  expect(y).toEqual({ shape: [1, 1, 3, 3], data: [1, 12, 20, 103, 1234, 2040, 300, 3400, 4000].map((v) => v + 0.5) });
});

test.each([
  ["stride: 2", [1, 1, 4, 4], [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]],
  ["pad: 1", [1, 1, 1, 1], [10]],
  ["stride: 2 pad: 1", [1, 1, 2, 2], [1, 2, 3, 4]],
  ["dilation: 2", [1, 1, 4, 4], [1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4]],
])("moves its kernel with %s", async (param, shape, data) => {
  const text = layer(`num_output: 1 kernel_size: 2 bias_term: false ${param}`);
  expect((await runLayer(text, { x }, [[1, 1, 1, 1]])).y).toEqual({ shape, data });
});

test("gives each bottom channel its weights first, and each group its own tops", async () => {
  const image = { shape: [1, 2, 1, 1], data: [1, 10] };
  const dense = await runLayer(layer("num_output: 2 kernel_size: 1 bias_term: false"), { x: image }, [[1, 2, 3, 4]]);
  expect(dense.y).toEqual({ shape: [1, 2, 1, 1], data: [31, 42] });
  const grouped = layer("num_output: 4 kernel_size: 1 group: 2 bias_term: false");
  expect((await runLayer(grouped, { x: image }, [[1, 2, 3, 4]])).y.data).toEqual([1, 2, 30, 40]);
});

test("interpolates with the bilinear filler, one group a channel", async () => {
  const filler = 'weight_filler { type: "bilinear" }';
  const param = `num_output: 2 group: 2 kernel_size: 4 stride: 2 pad: 1 bias_term: false ${filler}`;
  const { y } = await runLayer(layer(param), { x: { shape: [1, 2, 2, 2], data: [4, 8, 4, 8, 1, 1, 1, 1] } });
  expect(y.shape).toEqual([1, 2, 4, 4]);
  // Inside, values lie a quarter and three quarters of the way.
  expect(y.data.slice(5, 7)).toEqual([5, 7]);
  expect(y.data.slice(16 + 5, 16 + 7)).toEqual([1, 1]);
});

describe("shapes", () => {
  test.each([
    ["kernel_size: 3", [2, 4, 5, 6], [2, 6, 7, 8], [4, 6, 3, 3]],
    ["kernel_size: 4 stride: 2 pad: 1", [2, 4, 5, 6], [2, 6, 10, 12], [4, 6, 4, 4]],
    ["kernel_size: 3 dilation: 3", [2, 4, 1, 2], [2, 6, 7, 8], [4, 6, 3, 3]],
    ["kernel_h: 3 kernel_w: 1 stride_h: 1 stride_w: 2 pad_h: 0 pad_w: 0", [2, 4, 5, 6], [2, 6, 7, 11], [4, 6, 3, 1]],
    ["kernel_size: 3 group: 2", [2, 4, 5, 6], [2, 6, 7, 8], [4, 3, 3, 3]],
    ["kernel_size: 3", [2, 4, 5], [2, 6, 7], [4, 6, 3]],
    ["kernel_size: 3 stride: 2", [2, 4, 2, 3, 4], [2, 6, 5, 7, 9], [4, 6, 3, 3, 3]],
    ["kernel_size: 1", [2, 4], [2, 6], [4, 6]],
    ["kernel_size: 3 axis: 2", [2, 5, 4, 5, 6], [2, 5, 6, 7, 8], [4, 6, 3, 3]],
  ])("%s of %j: top %j, weights %j", async (param, bottom, top, weights) => {
    const net = await layerNet(layer(`num_output: 6 ${param}`), { x: bottom });
    expect(net.blobs.get("y")?.shape).toEqual(top);
    expect(net.params.get("layer")?.map(({ shape }) => shape)).toEqual([weights, [6]]);
    await net.dispose();
  });
});

test("is what Convolution with the same weights does to gradients", async () => {
  const param = "num_output: 3 kernel_size: 3 stride: 2 pad: 1 dilation: 2 bias_term: false";
  const text = layer(param, ["x"], ["y"], "Convolution");
  const convolution = await layerNet(text, { x: [2, 2, 7, 9] }, { header: "force_backward: true" });
  const y = convolution.blobs.get("y");
  const deconvolution = await layerNet(layer(param.replace("num_output: 3", "num_output: 2")), { x: y?.shape ?? [] });
  const [from, to] = [convolution.params.get("layer")?.[0], deconvolution.params.get("layer")?.[0]];
  for (const [i] of from?.data.entries() ?? []) from?.data.set([Math.sin(i)], i);
  to?.data.set(from?.data ?? []);
  const diff = Float32Array.from(y?.diff ?? [], (_, i) => Math.cos(i));
  await convolution.forward();
  y?.diff.set(diff);
  await convolution.backward();
  expect([...(await deconvolution.forward({ x: diff })).y]).toEqual([...(convolution.blobs.get("x")?.diff ?? [])]);
  await Promise.all([convolution.dispose(), deconvolution.dispose()]);
});

test("takes several bottoms, with the same weights, and ignores engine and force_nd_im2col", async () => {
  const param = "num_output: 1 kernel_size: 2 stride: 2 bias_term: false engine: CUDNN force_nd_im2col: true";
  const text = layer(param, ["x", "x2"], ["y", "y2"]);
  const one = { shape: [1, 1, 1, 1], data: [3] };
  const { y, y2 } = await runLayer(text, { x: one, x2: { ...one, data: [5] } }, [[1, 2, 3, 4]]);
  expect([y.data, y2.data]).toEqual([
    [3, 6, 9, 12],
    [5, 10, 15, 20],
  ]);
});

describe("errors", () => {
  const fails = (param: string, shape = [1, 4, 5, 5]) => buildError(layer(param), { x: shape });

  test("padding that leaves nothing", async () => {
    expect(await fails("num_output: 6 kernel_size: 3 pad: 4 dilation: 1", [1, 4, 2, 9])).toBe(
      '<text>:3:1: layer "layer" (Deconvolution): pad 4×4 leaves nothing of what the kernel 3×3 makes of the bottom ' +
        "1 4 2 9 (72)",
    );
  });

  test("wrong numbers of channels", async () => {
    expect(await fails("kernel_size: 3")).toMatch(/convolution_param.num_output must be given, and greater than 0$/);
    expect(await fails("num_output: 6 kernel_size: 3 group: 4")).toMatch(
      /convolution_param.group 4 must divide the bottom's 4 channels and num_output 6$/,
    );
  });

  test("a kernel that is not given", async () => {
    expect(await fails("num_output: 6")).toMatch(/kernel_size must be given once, .* it is not given$/);
  });
});

const cases: readonly [string, readonly number[]][] = [
  ["kernel_size: 3", [2, 2, 2, 3]],
  ["kernel_size: 1", [2, 2, 2, 3]],
  ["kernel_size: 3 bias_term: false", [1, 2, 3, 2]],
  ["kernel_size: 4 stride: 2 pad: 1", [1, 2, 3, 4]],
  ["kernel_size: 2 dilation: 2", [1, 2, 2, 3]],
  ["kernel_h: 1 kernel_w: 3 stride_h: 2 stride_w: 1 pad_h: 0 pad_w: 1", [1, 2, 3, 4]],
  ["kernel_size: 2 group: 2", [2, 4, 3, 2]],
  ["kernel_size: 2 group: 4", [1, 4, 3, 2]], // a group a channel
  ["kernel_size: 2", [2, 2, 3]], // one spatial axis
  ["kernel_size: 2 stride: 2", [1, 2, 2, 2, 2]], // three
  ["kernel_size: 1", [3, 2]], // none
  ["kernel_size: 2 axis: 2", [2, 2, 2, 2, 2]],
];

describe("gradient", () => {
  test.each(cases)("%s of %j", async (param, shape) => {
    await checkGradients({ layer: layer(`num_output: 4 ${param}`), inputs: { x: shape } });
  });

  test("of two bottoms adds up in the weights", async () => {
    const text = layer("num_output: 2 kernel_size: 2", ["x", "x2"], ["y", "y2"]);
    await checkGradients({ layer: text, inputs: { x: [1, 2, 2, 2], x2: [1, 2, 2, 2] } });
  });
});

describe("the engines agree", () => {
  test.each(cases)("%s of %j", async (param, [n, channels, ...sizes]) => {
    // Larger images than for differences, so that vectors are full and leave a rest.
    const shape = [n, channels, ...sizes.map((size) => size * 4 + 1)];
    await checkEnginesAgree({ layer: layer(`num_output: 8 ${param}`), inputs: { x: shape } });
  });
});

testContract("Deconvolution", {
  inputs: { x: imageShape },
  param: 'convolution_param { num_output: 2 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } }',
});
