import { expect, test } from "vitest";
import { exportError } from "../../../test/onnx/exported.js";

const net = (param: string, h: number, w: number) => `
  layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: ${h} dim: ${w} } } }
  layer { name: "spp" type: "SPP" bottom: "x" top: "y" spp_param { ${param} } }`;

test.each([
  ["pyramid_height: 3", 8, 8],
  ["pyramid_height: 3", 7, 10],
  ["pyramid_height: 2 pool: AVE", 7, 5],
  ["pyramid_height: 2 pool: STOCHASTIC", 4, 6],
  ["pyramid_height: 1", 5, 4],
])("SPP %s of %i × %i", async (param, h, w) => {
  const draw = (i: number) => Math.abs(Math.sin(i * 12.9898));
  expect(await exportError(net(param, h, w), { more: [{ x: [3, 3, h, w] }], draw })).toBeLessThan(1e-6);
});
