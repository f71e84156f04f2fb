import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkEnginesAgree } from "../../../test/engine-agreement.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param: string, bottoms = ["x"], tops = ["y"]) =>
  `layer { name: "layer" type: "Convolution" ${bottoms.map((name) => `bottom: "${name}"`).join(" ")} ` +
  `${tops.map((name) => `top: "${name}"`).join(" ")} convolution_param { ${param} } }`;

/** One image, one channel: 1 … 9. */
const x = { shape: [1, 1, 3, 3], data: [1, 2, 3, 4, 5, 6, 7, 8, 9] };

test("correlates the image with the weights and adds the bias", async () => {
  const { y } = await runLayer(layer("num_output: 1 kernel_size: 2"), { x }, [[1, 0, 0, -1], [10]]);
  expect(y).toEqual({ shape: [1, 1, 2, 2], data: [6, 6, 6, 6] }); // 1 − 5 + 10, …
});

test.each([
  ["stride: 2", [1, 1, 1, 1], [1]],
  ["pad: 1", [1, 1, 4, 4], [0, 0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9]],
  ["pad: 1 stride: 2", [1, 1, 2, 2], [0, 0, 0, 5]],
  ["dilation: 2", [1, 1, 1, 1], [1]],
])("moves its kernel with %s", async (param, shape, data) => {
  const { y } = await runLayer(layer(`num_output: 1 kernel_size: 2 bias_term: false ${param}`), { x }, [[1, 0, 0, 0]]);
  expect(y).toEqual({ shape, data });
});

test("with dilation 2 reaches over two values", async () => {
  const { y } = await runLayer(layer("num_output: 1 kernel_size: 2 dilation: 2 bias_term: false"), { x }, [
    [1, 10, 100, 1000],
  ]);
  expect(y.data).toEqual([1 + 30 + 700 + 9000]);
});

test.each([
  ["pad_l: 1", [1, 1, 2, 3], [0, 1, 2, 0, 4, 5]],
  ["pad_t: 1 pad_r: 1", [1, 1, 3, 3], [0, 0, 0, 1, 2, 3, 4, 5, 6]],
  ["pad_b: 1 stride: 2", [1, 1, 2, 1], [1, 7]],
])("pads each side by itself with %s", async (param, shape, data) => {
  const { y } = await runLayer(layer(`num_output: 1 kernel_size: 2 bias_term: false ${param}`), { x }, [[1, 0, 0, 0]]);
  expect(y).toEqual({ shape, data });
});

test("refuses fields of forks that it does not compute, and passes those that tune", async () => {
  const inputs = { x: [1, 1, 3, 3] };
  const one = "num_output: 1 kernel_size: 2";
  expect(await buildError(layer(`${one} relu: true`), inputs)).toMatch(/not compute: convolution_param.relu$/);
  expect(await buildError(layer(`${one} pad: 1 pad_l: 1`), inputs)).toMatch(/are for two spatial axes, without pad/);
  const log: string[] = [];
  const net = await layerNet(layer(`${one} conv_algorithm: "winograd" input_scale: 1`), inputs, {
    log: (level, _, text) => void (level === "warning" && log.push(text)),
  });
  await net.dispose();
  expect(log).toEqual([
    expect.stringMatching(/ignored, as fields of forks that only tune: convolution_param.conv_algorithm$/),
  ]);
});

test("gradient with padding of each side", async () => {
  const param = "num_output: 2 kernel_size: 3 stride: 2 pad_l: 2 pad_t: 1 pad_b: 2";
  await checkGradients({ layer: layer(param), inputs: { x: [2, 2, 5, 6] } });
});

test("with group does not let groups of channels see each other", async () => {
  const image = { shape: [1, 2, 1, 2], data: [1, 2, 10, 20] };
  const { y } = await runLayer(layer("num_output: 2 kernel_size: 1 group: 2 bias_term: false"), { x: image }, [[3, 4]]);
  expect(y).toEqual({ shape: [1, 2, 1, 2], data: [3, 6, 40, 80] });
});

test("sums over the channels of an image", async () => {
  const image = { shape: [1, 2, 1, 2], data: [1, 2, 10, 20] };
  const { y } = await runLayer(layer("num_output: 1 kernel_size: 1 bias_term: false"), { x: image }, [[3, 4]]);
  expect(y.data).toEqual([43, 86]);
});

test("takes several bottoms, with the same weights", async () => {
  const text = layer("num_output: 1 kernel_size: 3 bias_term: false", ["x", "x2"], ["y", "y2"]);
  const inputs = { x, x2: { shape: x.shape, data: x.data.map((value) => value * 2) } };
  const { y, y2 } = await runLayer(text, inputs, [Array<number>(9).fill(1)]);
  expect([y.data, y2.data]).toEqual([[45], [90]]);
});

describe("shapes", () => {
  test.each([
    ["kernel_size: 3", [2, 4, 7, 8], [2, 6, 5, 6], [6, 4, 3, 3]],
    ["kernel_size: 3 stride: 2", [2, 4, 7, 8], [2, 6, 3, 3], [6, 4, 3, 3]], // rounded down, unlike pooling
    ["kernel_size: 3 pad: 1 stride: 2", [2, 4, 7, 8], [2, 6, 4, 4], [6, 4, 3, 3]],
    ["kernel_size: 3 dilation: 3", [2, 4, 7, 8], [2, 6, 1, 2], [6, 4, 3, 3]],
    ["kernel_size: 3 kernel_size: 1 stride: 1 stride: 2 pad: 0 pad: 3", [2, 4, 7, 8], [2, 6, 5, 7], [6, 4, 3, 1]],
    ["kernel_h: 3 kernel_w: 1 stride_h: 1 stride_w: 2 pad_h: 0 pad_w: 3", [2, 4, 7, 8], [2, 6, 5, 7], [6, 4, 3, 1]],
    ["kernel_size: 3 group: 2", [2, 4, 7, 8], [2, 6, 5, 6], [6, 2, 3, 3]],
    ["kernel_size: 3", [2, 4, 7], [2, 6, 5], [6, 4, 3]],
    ["kernel_size: 3", [2, 4, 5, 6, 7], [2, 6, 3, 4, 5], [6, 4, 3, 3, 3]],
    ["kernel_size: 1", [2, 4], [2, 6], [6, 4]],
    ["kernel_size: 3 axis: 2", [2, 5, 4, 7, 8], [2, 5, 6, 5, 6], [6, 4, 3, 3]],
    ["kernel_size: 3 axis: -3", [2, 4, 7, 8], [2, 6, 5, 6], [6, 4, 3, 3]],
  ])("%s of %j: top %j, weights %j", async (param, bottom, top, weights) => {
    const net = await layerNet(layer(`num_output: 6 ${param}`), { x: bottom });
    expect(net.blobs.get("y")?.shape).toEqual(top);
    expect(net.params.get("layer")?.map(({ shape }) => shape)).toEqual([weights, [6]]);
    await net.dispose();
  });

  test("takes images of another size, but not of other channels", async () => {
    const net = await layerNet(layer("num_output: 6 kernel_size: 3"), { x: [2, 4, 7, 8] });
    net.reshape({ x: [1, 4, 9, 3] });
    expect(net.blobs.get("y")?.shape).toEqual([1, 6, 7, 1]);
    expect(() => net.reshape({ x: [1, 3, 9, 3] })).toThrow(/needs parameter 0 of shape 6 3 3 3 \(162\), but it has/);
    await net.dispose();
  });
});

describe("errors", () => {
  const fails = (param: string, shape = [1, 4, 5, 5]) => buildError(layer(param), { x: shape });

  test("a kernel that is not given, or twice", async () => {
    expect(await fails("num_output: 6")).toBe(
      '<text>:3:1: layer "layer" (Convolution): convolution_param.kernel_size must be given once, or once for each of ' +
        "2 spatial axes; it is not given",
    );
    const wrong = /kernel_size must be given once, or once for each of 2 spatial axes; it is given 3 times$/;
    expect(await fails("num_output: 6 kernel_size: 1 kernel_size: 2 kernel_size: 3")).toMatch(wrong);
    expect(await fails("num_output: 6 kernel_size: 3 kernel_h: 3 kernel_w: 3")).toMatch(
      /give convolution_param.kernel_size, or kernel_h and kernel_w, not both$/,
    );
    expect(await fails("num_output: 6 kernel_h: 3 kernel_w: 3", [1, 4, 5])).toMatch(
      /convolution_param.kernel_h and kernel_w are for two spatial axes, not 1$/,
    );
  });

  test.each([
    ["kernel_size: 0", "kernel", "0×0"],
    ["kernel_h: 3", "kernel", "3×0"],
    ["kernel_size: 3 stride: 0", "stride", "0×0"],
    ["kernel_size: 3 stride_w: 2", "stride", "0×2"],
    ["kernel_size: 3 dilation: 0", "dilation", "0×0"],
  ])("%s", async (param, what, values) => {
    expect(await fails(`num_output: 6 ${param}`)).toMatch(
      new RegExp(`convolution_param: the ${what} must be greater than 0 along each axis, not ${values}$`),
    );
  });

  test("wrong numbers of channels", async () => {
    expect(await fails("kernel_size: 3")).toMatch(/convolution_param.num_output must be given, and greater than 0$/);
    for (const param of ["num_output: 6 group: 4", "num_output: 6 group: 3", "num_output: 6 group: 0"]) {
      expect(await fails(`${param} kernel_size: 3`)).toMatch(
        /convolution_param.group \d must divide the bottom's 4 channels and num_output 6$/,
      );
    }
    expect(await fails("num_output: 6 kernel_size: 3 axis: 4")).toMatch(/convolution_param.axis 4 is out of range/);
  });

  test("a kernel larger than the image", async () => {
    expect(await fails("num_output: 6 kernel_size: 7")).toMatch(
      /the kernel 7×7 does not fit into the padded bottom 1 4 5 5 \(100\)$/,
    );
    expect(await fails("num_output: 6 kernel_size: 3 dilation: 3")).toMatch(
      /the kernel 3×3 with dilation 3×3 does not/,
    );
  });

  test("bottoms of different shapes, or without a top", async () => {
    const twice = layer("num_output: 6 kernel_size: 1", ["x", "x2"], ["y", "y2"]);
    expect(await buildError(twice, { x: [1, 4, 5, 5], x2: [1, 4, 5, 6] })).toMatch(
      /all bottoms must have one shape, but there are 1 4 5 5 \(100\) and 1 4 5 6 \(120\)$/,
    );
    const short = layer("num_output: 6 kernel_size: 1", ["x", "x2"]);
    expect(await buildError(short, { x: [1, 4, 5, 5], x2: [1, 4, 5, 5] })).toMatch(
      /needs one top for each bottom, but has 2 bottoms and 1 top$/,
    );
  });
});

describe("gradient", () => {
  test.each([
    ["kernel_size: 3", [2, 2, 4, 3]],
    ["kernel_size: 1", [2, 2, 2, 3]],
    ["kernel_size: 3 bias_term: false", [1, 2, 4, 4]],
    ["kernel_size: 2 stride: 2 pad: 1", [1, 2, 3, 4]],
    ["kernel_size: 2 dilation: 2", [1, 2, 4, 3]],
    ["kernel_h: 1 kernel_w: 3 stride_h: 2 stride_w: 1 pad_h: 0 pad_w: 1", [1, 2, 3, 4]],
    ["kernel_size: 2 group: 2", [2, 4, 3, 3]],
    ["kernel_size: 2 group: 4", [1, 4, 3, 2]], // depthwise
    ["kernel_size: 2", [2, 2, 3]], // one spatial axis
    ["kernel_size: 2 pad: 1", [1, 2, 2, 2, 3]], // three
    ["kernel_size: 2 axis: 2", [2, 2, 2, 3, 3]],
  ])("%s of %j", async (param, shape) => {
    await checkGradients({ layer: layer(`num_output: 4 ${param}`), inputs: { x: shape } });
  });

  test("of two bottoms adds up in the weights", async () => {
    const text = layer("num_output: 2 kernel_size: 2", ["x", "x2"], ["y", "y2"]);
    await checkGradients({ layer: text, inputs: { x: [1, 2, 3, 3], x2: [1, 2, 3, 3] } });
  });
});

describe("the engines agree", () => {
  test.each([
    ["kernel_size: 1", [5, 6]], // no spatial axis
    ["kernel_size: 3", [2, 3, 19]], // one
    ["kernel_size: 5 stride: 3 pad: 2 dilation: 2", [3, 4, 31]],
    ["kernel_size: 4 group: 2 pad: 3", [2, 4, 17]],
    ["kernel_size: 3 pad: 1", [2, 3, 9, 13]], // two
    ["kernel_size: 3 stride: 2 group: 2", [2, 4, 11, 10]],
    ["kernel_size: 3 group: 4 pad: 1", [2, 4, 7, 9]], // depthwise
    ["kernel_size: 3 pad: 1", [2, 3, 4, 6, 9]], // three
    ["kernel_size: 2 stride: 2 pad: 1 dilation: 2", [2, 2, 7, 6, 9]],
    ["kernel_size: 1 kernel_size: 2 kernel_size: 3 stride: 1 stride: 2 stride: 1 group: 2", [2, 4, 3, 6, 8]],
    ["kernel_size: 2 pad: 1", [1, 2, 3, 4, 3, 5]], // four
    ["kernel_size: 3 axis: 2", [2, 3, 2, 6, 7]],
  ])("%s of %j", async (param, shape) => {
    await checkEnginesAgree({ layer: layer(`num_output: 4 ${param}`), inputs: { x: shape } });
  });
});

test.each(["engine: CUDNN", "engine: CAFFE", "force_nd_im2col: true"])("reads and ignores %s", async (field) => {
  for (const shape of [
    [2, 2, 6],
    [2, 2, 5, 6],
    [2, 2, 3, 4, 3],
  ]) {
    const image = { shape, data: Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)) };
    const param = 'num_output: 2 kernel_size: 2 weight_filler { type: "xavier" }';
    const plain = await runLayer(layer(param), { x: image });
    expect(await runLayer(layer(`${param} ${field}`), { x: image })).toEqual(plain);
  }
});

testContract("Convolution", {
  inputs: { x: imageShape },
  param: 'convolution_param { num_output: 2 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } }',
});
testContract("Convolution of two bottoms", {
  inputs: { a: imageShape, b: imageShape },
  tops: ["c", "d"],
  param: 'convolution_param { num_output: 2 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } }',
});
