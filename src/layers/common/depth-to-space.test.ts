// Numbers: numpy, reshape and transpose after the definitions of TensorFlow (NHWC) and ONNX (DCR, CRD).
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "DepthToSpace" bottom: "x" top: "y" depth_to_space_param { ${param} } }`;
const count = (length: number) => Array.from({ length }, (_, i) => i);

test.each([
  ["NHWC", [1, 1, 2, 8], [1, 2, 4, 2], [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15]],
  ["NCHW", [1, 8, 1, 2], [1, 2, 2, 4], [0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15]],
  ["DCR", [1, 8, 1, 2], [1, 2, 2, 4], [0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15]],
  ["CRD", [1, 8, 1, 2], [1, 2, 2, 4], [0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15]],
])("%s", async (format, shape, top, data) => {
  const { y } = await runLayer(layer(`block_size: 2 data_format: "${format}"`), { x: { shape, data: count(16) } });
  expect(y).toEqual({ shape: top, data });
});

test("errors", async () => {
  expect(await buildError(layer("block_size: 0"), { x: [1, 1, 2, 8] })).toMatch(
    /block_size must be 1 or more; it is 0/,
  );
  expect(await buildError(layer('block_size: 2 data_format: "CHW"'), { x: [1, 8, 1, 2] })).toMatch(
    /one of NHWC, .*"CHW"/,
  );
  expect(await buildError(layer("block_size: 2"), { x: [1, 8, 1, 2] })).toMatch(/channels divisible by 4; .* 1 8 1 2/);
  expect(await buildError(layer("block_size: 2"), { x: [1, 8, 4] })).toMatch(/four axes/);
});

test.each(["NHWC", "NCHW", "CRD"])("gradient of %s", async (format) => {
  const shape = format === "NHWC" ? [2, 2, 3, 8] : [2, 8, 2, 3];
  await checkGradients({ layer: layer(`block_size: 2 data_format: "${format}"`), inputs: { x: shape } });
});

testContract("DepthToSpace", { inputs: { x: [2, 2, 3, 8] }, param: "depth_to_space_param { block_size: 2 }" });
