// Numbers: by hand; those of the forks themselves are in test/golden/forks/Upsample.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const masked = (param = "") =>
  `layer { name: "layer" type: "Upsample" bottom: "x" bottom: "mask" top: "y" upsample_param { ${param} } }`;
const nearest = (param: string) => `layer { name: "layer" type: "Upsample" bottom: "x" top: "y" ${param} }`;
const x = { shape: [1, 1, 1, 2], data: [3, 4] };

test("a mask says where values go", async () => {
  const { y } = await runLayer(masked(), { x, mask: { shape: [1, 1, 1, 2], data: [5, 0] } });
  expect(y).toEqual({ shape: [1, 1, 2, 4], data: [4, 0, 0, 0, 0, 3, 0, 0] });
});

test("of two values for one place the last stays", async () => {
  const { y } = await runLayer(masked("upsample_h: 1 upsample_w: 3"), {
    x,
    mask: { shape: [1, 1, 1, 2], data: [1, 1] },
  });
  expect(y).toEqual({ shape: [1, 1, 1, 3], data: [0, 4, 0] });
});

test.each([
  ["scale: 3", [1, 1, 9, 12]],
  ["scale_h: 2 scale_w: 3", [1, 1, 6, 12]],
  ["pad_out_h: true", [1, 1, 5, 8]],
  ["scale: 2 pad_out_w: true", [1, 1, 6, 7]],
  ["upsample_h: 5 upsample_w: 6", [1, 1, 5, 6]],
])("the size of the top with %s", async (param, shape) => {
  const twelve = (data: number[]) => ({ shape: [1, 1, 3, 4], data });
  const { y } = await runLayer(masked(param), { x: twelve(Array(12).fill(1)), mask: twelve([...Array(12).keys()]) });
  expect(y.shape).toEqual(shape);
});

test("without a mask, each value becomes a block", async () => {
  const { y } = await runLayer(nearest("upsample_param { scale: 2 }"), { x });
  expect(y).toEqual({ shape: [1, 1, 2, 4], data: [3, 3, 4, 4, 3, 3, 4, 4] });
  expect((await runLayer(nearest(""), { x })).y).toEqual(x);
});

describe("errors", () => {
  test("places of the mask", async () => {
    for (const bad of [8, -1, Number.NaN]) {
      const run = runLayer(masked(), { x, mask: { shape: [1, 1, 1, 2], data: [0, bad] } });
      await expect(run).rejects.toThrow(`place ${bad} (number 1 of "mask") is none of the 8 of a plane 2 4 (8)`);
    }
  });

  test("shapes and fields", async () => {
    const inputs = { x: [1, 1, 2, 2], mask: [1, 1, 2, 2] };
    expect(await buildError(masked(), { ...inputs, mask: [1, 1, 4, 4] })).toMatch(/a mask of the same shape; they are/);
    expect(await buildError(masked("scale: 2 scale_h: 2 scale_w: 2"), inputs)).toMatch(/scale, or scale_h and scale_w/);
    expect(await buildError(masked("scale_h: 2"), inputs)).toMatch(/scale, or scale_h and scale_w/);
    expect(await buildError(masked("scale: 3 pad_out_h: true"), inputs)).toMatch(/need a scale of 2$/);
    expect(await buildError(masked("scale: 0"), inputs)).toMatch(/must be greater than 0$/);
    const alone = { x: [1, 1, 2, 2] };
    expect(await buildError(nearest("upsample_param { scale: 0 }"), alone)).toMatch(/must be 1 or more, not 0$/);
    expect(await buildError(nearest("upsample_param { upsample_h: 4 }"), alone)).toMatch(
      /upsample_h is of Upsample with a/,
    );
    expect(await buildError(nearest(""), { x: [3] })).toMatch(/with height and width, not 3 \(3\)$/);
  });
});

test("gradient with a mask", async () => {
  await checkGradients({
    layer: masked(),
    inputs: { x: [1, 2, 2, 2], mask: [1, 2, 2, 2] },
    values: { mask: [0, 3, 9, 15, 15, 2, 1, 7] },
    check: ["x"],
  });
});

test.each(["scale: 2", "scale: 3"])("gradient with %s", async (param) => {
  await checkGradients({ layer: nearest(`upsample_param { ${param} }`), inputs: { x: [2, 2, 3, 5] } });
});

testContract("Upsample", { inputs: { a: [2, 3, 4, 4], label: [2, 3, 4, 4] } });
testContract("Upsample nearest", { inputs: { a: [2, 3, 4, 4] }, param: "upsample_param { scale: 2 }" });

test("a pooling whose bottom learns asks for a gradient of its mask, which is 0", async () => {
  const pooling =
    'layer { name: "up" type: "Bias" bottom: "raw" top: "x" bias_param { axis: 0 num_axes: 0 } }' +
    'layer { name: "p" type: "Pooling" bottom: "x" top: "p" top: "m" pooling_param { kernel_size: 2 stride: 2 } }';
  const net = await layerNet(
    `${pooling}layer { name: "u" type: "Upsample" bottom: "p" bottom: "m" top: "y" }`,
    {
      raw: [1, 1, 2, 2],
    },
    { header: "force_backward: true" },
  );
  net.blobs.get("raw")?.data.set([1, 4, 2, 3]);
  await net.forward();
  net.blobs.get("y")?.diff.set([5, 6, 7, 8]);
  await net.backward();
  expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual([0, 6, 0, 0]);
  await net.dispose();
});
