import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkEnginesAgree } from "../../../test/engine-agreement.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";
import { Random } from "../../util/random.js";

const layer = (param: string, tops = ["y"]) =>
  `layer { name: "layer" type: "Pooling" bottom: "x" ${tops.map((name) => `top: "${name}"`).join(" ")} ` +
  `pooling_param { ${param} } }`;

const force = { header: "force_backward: true" };

/** One plane of 3 × 4. */
const x = { shape: [1, 1, 3, 4], data: [1, 5, 2, 0, 3, 4, 9, 1, 7, 6, 8, 2] };

test("MAX takes the largest value under each window", async () => {
  const { y } = await runLayer(layer("pool: MAX kernel_size: 2"), { x });
  expect(y).toEqual({ shape: [1, 1, 2, 3], data: [5, 9, 9, 7, 9, 9] });
});

test("AVE takes the mean under each window", async () => {
  const { y } = await runLayer(layer("pool: AVE kernel_size: 2 stride: 2"), { x });
  // The windows of the last row reach beyond the image, and count only what lies in it.
  expect(y).toEqual({ shape: [1, 1, 2, 2], data: [13 / 4, 12 / 4, 13 / 2, 10 / 2] });
});

test("AVE counts padding in the window, but not what lies beyond it", async () => {
  const ones = { shape: [1, 1, 2, 2], data: [1, 1, 1, 1] };
  const { y } = await runLayer(layer("pool: AVE kernel_size: 3 stride: 2 pad: 1"), { x: ones });
  // Rows −1 … 1, then 1 … 3, of which 3 is beyond the padding.
  expect(y.shape).toEqual([1, 1, 2, 2]);
  [4 / 9, 2 / 6, 2 / 6, 1 / 4].forEach((value, i) => void expect(y.data[i]).toBeCloseTo(value, 6));
});

test("MAX never takes padding for the largest value", async () => {
  const negative = { shape: [1, 1, 2, 2], data: [-1, -2, -3, -4] };
  const { y } = await runLayer(layer("kernel_size: 2 pad: 1"), { x: negative });
  expect(y.data).toEqual([-1, -1, -2, -1, -1, -2, -3, -3, -4]);
});

test("gives the places of the maxima as a second top, of equals the first", async () => {
  const image = { shape: [1, 2, 2, 2], data: [1, 3, 3, 2, 5, 5, 5, 5] };
  const { y, mask } = await runLayer(layer("kernel_size: 2", ["y", "mask"]), { x: image });
  expect(y.data).toEqual([3, 5]);
  expect(mask).toEqual({ shape: [1, 2, 1, 1], data: [1, 0] });
});

test.each(["MAX", "AVE"])("global_pooling with %s takes each plane as a whole, of whatever size", async (pool) => {
  const net = await layerNet(layer(`pool: ${pool} global_pooling: true`), { x: [1, 2, 1, 3] });
  expect([...(await net.forward({ x: [1, 2, 3, 4, 5, 6] })).y]).toEqual(pool === "MAX" ? [3, 6] : [2, 5]);
  net.reshape({ x: [1, 1, 2, 2] });
  expect([...(await net.forward({ x: [1, 2, 3, 6] })).y]).toEqual(pool === "MAX" ? [6] : [3]);
  expect(net.blobs.get("y")?.shape).toEqual([1, 1, 1, 1]);
  await net.dispose();
});

test("as in Caffe, a stride greater than the kernel may leave nothing under the last window", async () => {
  const image = { shape: [1, 1, 1, 4], data: [1, 2, 3, 4] };
  const max = await runLayer(layer("kernel_h: 1 kernel_w: 1 stride: 2", ["y", "mask"]), { x: image });
  expect(max.y.data).toEqual([1, 3, Math.fround(-3.4028235e38)]);
  expect(max.mask.data).toEqual([0, 2, -1]);
  const ave = await runLayer(layer("pool: AVE kernel_size: 1 stride: 2"), { x: image });
  expect(ave.y.data).toEqual([1, 3, Number.NaN]);
});

test.each(["DEFAULT", "CAFFE", "CUDNN"])("reads and ignores engine: %s", async (engine) => {
  const { y, mask } = await runLayer(layer(`kernel_size: 2 engine: ${engine}`, ["y", "mask"]), { x });
  expect([y.data, mask.data]).toEqual([
    [5, 9, 9, 7, 9, 9],
    [1, 6, 6, 8, 6, 6],
  ]);
});

describe("STOCHASTIC", () => {
  const stochastic = (param: string) => layer(`pool: STOCHASTIC ${param}`);

  test("in TRAIN draws one number for each window, and takes the first value whose running share reaches it", async () => {
    const image = { shape: [1, 1, 2, 5], data: [1, 0, 3, 0, 2, 2, 4, 1, 0, 1] };
    const draws = new Float32Array(3);
    new Random(1701).uniform(draws, 0, 1);
    const { y } = await runLayer(stochastic("kernel_size: 2 stride: 2"), { x: image });
    const windows = [
      [1, 0, 2, 4],
      [3, 0, 1, 0],
      [2, 1],
    ]; // the last reaches beyond the image
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const wanted = windows.map((window, i) =>
      window.find((_, j) => sum(window.slice(0, j + 1)) >= draws[i] * sum(window)),
    );
    expect(y).toEqual({ shape: [1, 1, 1, 3], data: wanted });
  });

  test("in TRAIN draws anew at each forward, each value as often as is its share", async () => {
    const net = await layerNet(stochastic("global_pooling: true"), { x: [1000, 1, 1, 3] });
    const x = Array.from({ length: 1000 }, () => [1, 2, 7]).flat();
    const first = [...(await net.forward({ x })).y];
    const second = [...(await net.forward()).y];
    expect(second).not.toEqual(first);
    const share = (value: number) => [...first, ...second].filter((y) => y === value).length / 2000;
    for (const value of [1, 2, 7]) expect(Math.abs(share(value) - value / 10)).toBeLessThan(0.03);
    expect(share(1) + share(2) + share(7)).toBe(1);
    await net.dispose();
  });

  test("in TRAIN passes the gradient to the values that were drawn", async () => {
    const net = await layerNet(stochastic("kernel_size: 2"), { x: [1, 2, 2, 3] }, force);
    const x = [1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60];
    const { y } = await net.forward({ x });
    net.blobs.get("y")?.diff.set([1, 10, 100, 1000]);
    await net.backward();
    const wanted = x.map((value) => [1, 10, 100, 1000].reduce((sum, dy, i) => sum + (y[i] === value ? dy : 0), 0));
    expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual(wanted);
    await net.dispose();
  });

  test("in TEST is the mean by the same shares, and 0 of zeros", async () => {
    const image = { shape: [1, 1, 2, 4], data: [1, 2, 0, 0, 3, 4, 0, 0] };
    const { y } = await runLayer(stochastic("kernel_size: 2 stride: 2"), { x: image }, [], "TEST");
    expect(y.data).toEqual([3, 0]); // 30/10
  });

  test("has a value for windows without one, and where negative values keep the sum from the draw", async () => {
    const image = { shape: [1, 1, 1, 4], data: [1, 2, 3, 4] };
    const { y } = await runLayer(stochastic("kernel_size: 1 stride: 2"), { x: image });
    expect(y.data).toEqual([1, 3, 0]);
    const negative = { shape: [1, 1, 1, 2], data: [-8, -1] };
    expect((await runLayer(stochastic("kernel_h: 1 kernel_w: 2"), { x: negative })).y.data).toEqual([-1]);
    expect((await runLayer(stochastic("kernel_h: 1 kernel_w: 2"), { x: negative }, [], "TEST")).y.data).toEqual([0]);
  });

  test("gradient in TEST", async () => {
    const positive = Array.from({ length: 2 * 2 * 4 * 5 }, (_, i) => 1.5 + Math.sin(i));
    for (const param of ["kernel_size: 2", "kernel_size: 3 stride: 2", "global_pooling: true"]) {
      const inputs = { x: [2, 2, 4, 5] };
      await checkGradients({ layer: stochastic(param), inputs, values: { x: positive }, phase: "TEST" });
    }
  });

  test("is the same on both engines, from the same seed", async () => {
    for (const phase of ["TRAIN", "TEST"] as const) {
      await checkEnginesAgree({ layer: stochastic("kernel_size: 3 stride: 2"), inputs: { x: [2, 3, 9, 8] }, phase });
    }
  });
});

describe("shapes", () => {
  test.each([
    ["kernel_size: 3", [7, 8], [5, 6]],
    ["kernel_size: 3 stride: 2", [7, 8], [3, 4]], // rounded up
    ["kernel_size: 3 stride: 2 round_mode: FLOOR", [7, 8], [3, 3]],
    ["kernel_size: 3 stride: 2", [112, 112], [56, 56]], // as in ResNet
    ["kernel_size: 3 stride: 2 pad: 1", [7, 8], [4, 5]],
    ["kernel_size: 2 stride: 2 pad: 1", [3, 4], [2, 3]],
    ["kernel_size: 2 stride: 3 pad: 1", [4, 5], [2, 2]], // a third would start in the padding behind the image
    ["kernel_h: 3 kernel_w: 1 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 0", [7, 8], [4, 8]],
    ["kernel_size: 9 stride: 2 round_mode: CEIL", [8, 9], [1, 1]],
    ["kernel_size: 1", [1, 2 ** 24 + 2], [1, 2 ** 24 + 1]], // Caffe divides in single precision
    ["global_pooling: true", [7, 8], [1, 1]],
  ])("%s of %j: %j", async (param, bottom, top) => {
    const net = await layerNet(layer(param), { x: [2, 3, ...bottom] });
    expect(net.blobs.get("y")?.shape).toEqual([2, 3, ...top]);
    await net.dispose();
  });
});

describe("errors", () => {
  const fails = (param: string, shape = [1, 2, 5, 5]) => buildError(layer(param), { x: shape });

  test("a kernel that is not given, or twice", async () => {
    expect(await fails("")).toBe(
      '<text>:3:1: layer "layer" (Pooling): pooling_param needs kernel_size, or kernel_h and kernel_w, not both',
    );
    for (const kernel of ["kernel_h: 2", "kernel_size: 2 kernel_h: 2", "kernel_size: 2 kernel_h: 2 kernel_w: 2"]) {
      expect(await fails(kernel)).toMatch(/pooling_param needs kernel_size, or kernel_h and kernel_w, not both$/);
    }
    expect(await fails("global_pooling: true kernel_size: 2")).toMatch(
      /with pooling_param.global_pooling no kernel size can be given$/,
    );
  });

  test("half a pad or stride, or both forms", async () => {
    for (const field of ["pad", "stride"]) {
      for (const given of [`${field}_h: 1`, `${field}_w: 1`, `${field}: 1 ${field}_h: 1 ${field}_w: 1`]) {
        expect(await fails(`kernel_size: 2 ${given}`)).toMatch(
          new RegExp(`pooling_param takes ${field}, or ${field}_h and ${field}_w, not both$`),
        );
      }
    }
  });

  test("a kernel, stride or pad that cannot be", async () => {
    expect(await fails("kernel_size: 0")).toMatch(/pooling_param: kernel 0×0 and stride 1×1 must be greater than 0$/);
    expect(await fails("kernel_size: 2 stride: 0")).toMatch(/: kernel 2×2 and stride 0×0 must be greater than 0$/);
    expect(await fails("kernel_size: 2 pad: 2")).toMatch(/pad 2×2 must be smaller than the kernel 2×2$/);
    expect(await fails("global_pooling: true pad: 1")).toMatch(/with pooling_param.global_pooling pad must be 0 and/);
    expect(await fails("global_pooling: true stride: 2")).toMatch(
      /with pooling_param.global_pooling pad must be 0 and/,
    );
    expect(await fails("kernel_size: 7")).toMatch(/the kernel 7×7 does not fit into the padded bottom 1 2 5 5 \(50\)$/);
  });

  test("what Caffe does not have either", async () => {
    expect(await fails("kernel_size: 2 pad: 1 pool: STOCHASTIC")).toMatch(
      /pooling_param: pool STOCHASTIC takes no padding$/,
    );
    expect(await fails("kernel_size: 2", [1, 2, 5])).toMatch(/needs a bottom \(N, C, H, W\), not 1 2 5 \(10\)$/);
    for (const pool of ["AVE", "STOCHASTIC"]) {
      expect(await buildError(layer(`pool: ${pool} kernel_size: 2`, ["y", "mask"]), { x: [1, 2, 5, 5] })).toMatch(
        /needs exactly 1 top, but has 2$/,
      );
    }
  });
});

describe("gradient", () => {
  test.each([
    "kernel_size: 2",
    "kernel_size: 3 stride: 2",
    "kernel_size: 3 stride: 2 pad: 1",
    "kernel_h: 1 kernel_w: 3 stride_h: 2 stride_w: 1 pad_h: 0 pad_w: 1",
    "kernel_size: 1 stride: 2 round_mode: FLOOR",
    "global_pooling: true",
  ])("%s", async (param) => {
    await checkGradients({ layer: layer(`pool: AVE ${param}`), inputs: { x: [2, 2, 4, 5] } });
    await checkGradients({ layer: layer(`pool: MAX ${param}`), inputs: { x: [2, 2, 4, 5] } });
  });

  test("of MAX goes to the first of equals", async () => {
    const net = await layerNet(layer("kernel_size: 2"), { x: [1, 1, 2, 3] }, force);
    await net.forward({ x: [1, 1, 1, 1, 1, 2] });
    net.blobs.get("y")?.diff.set([10, 20]);
    await net.backward();
    expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual([10, 0, 0, 0, 0, 20]);
    await net.dispose();
  });

  test("of MAX with the mask as a second top", async () => {
    const net = await layerNet(layer("kernel_size: 2", ["y", "mask"]), { x: [1, 1, 2, 2] }, force);
    await net.forward({ x: [1, 2, 4, 3] });
    net.blobs.get("y")?.diff.set([5]);
    await net.backward();
    expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual([0, 0, 5, 0]);
    await net.dispose();
  });
});

describe("fields of forks", () => {
  const one = { shape: [1, 1, 2, 2], data: [1, 2, 3, 4] };

  test("padding of each side", async () => {
    const { y } = await runLayer(layer("pool: AVE kernel_size: 2 stride: 2 pad_r: 1 pad_b: 1"), { x });
    // Three rows and one of padding, which counts; the third column of windows would start at the padding.
    expect(y).toEqual({ shape: [1, 1, 2, 2], data: [13 / 4, 12 / 4, 13 / 4, 10 / 4] });
  });

  test.each(["pool: AVE_EXC_PAD", "pool: AVE avg_include_pad: false"])("%s is without the padding", async (pool) => {
    const { y } = await runLayer(layer(`${pool} kernel_size: 2 pad: 1`), { x: one });
    expect(y.data).toEqual([1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4]);
  });

  test.each([
    ["ceil_mode: false", [1, 1]],
    ["ceil_mode: true", [1, 2]],
    ["ceil_mode: true round_mode: FLOOR", [1, 1]],
    ["ceil_mode: false round_mode: CEIL", [1, 2]],
  ])("the size with %s", async (param, size) => {
    const { y } = await runLayer(layer(`kernel_size: 3 stride: 2 ${param}`), { x });
    expect(y.shape).toEqual([1, 1, ...size]);
  });

  test("are refused where they are not computed", async () => {
    const inputs = { x: [1, 1, 4, 4] };
    expect(await buildError(layer("kernel_size: 2 pad_type: 1"), inputs)).toMatch(
      /does not compute: pooling_param.pad_type$/,
    );
    expect(await buildError(layer("kernel_size: 2 pool: DEF"), inputs)).toMatch(/pool DEF is a method of a fork/);
    expect(await buildError(layer("kernel_size: 2 pad: 1 pad_l: 1"), inputs)).toMatch(/takes pad, or pad_l/);
    expect(await buildError(layer("kernel_size: 2 pad_b: 2"), inputs)).toMatch(/pad 0×0 and 2×0 must be smaller/);
    expect(await buildError(layer("kernel_size: 2 pad_b: 1 pool: STOCHASTIC"), inputs)).toMatch(/takes no padding$/);
  });

  test.each(["AVE", "AVE_EXC_PAD"])("gradient of %s with padding of each side", async (pool) => {
    const param = `pool: ${pool} kernel_size: 3 stride: 2 pad_l: 2 pad_t: 1 pad_b: 2`;
    await checkGradients({ layer: layer(param), inputs: { x: [2, 2, 5, 6] } });
  });
});

testContract("Pooling", {
  inputs: { x: imageShape },
  tops: ["y", "mask"],
  param: "pooling_param { kernel_size: 3 stride: 2 }",
});
testContract("Pooling AVE", {
  inputs: { x: imageShape },
  param: "pooling_param { pool: AVE kernel_size: 3 stride: 2 }",
});
testContract("Pooling STOCHASTIC", {
  inputs: { x: imageShape },
  param: "pooling_param { pool: STOCHASTIC kernel_size: 3 stride: 2 }",
  changes: ["TRAIN"],
});
