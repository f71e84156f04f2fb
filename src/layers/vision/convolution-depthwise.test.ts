import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "ConvolutionDepthwise" bottom: "x" top: "y" convolution_param { ${param} } }`;
const x = { shape: [1, 2, 1, 2], data: [1, 2, 10, 20] };

test("without group convolves each channel by itself; a given group is kept", async () => {
  const own = await runLayer(layer("num_output: 2 kernel_size: 1 bias_term: false"), { x }, [[3, 4]]);
  expect(own.y).toEqual({ shape: [1, 2, 1, 2], data: [3, 6, 40, 80] });
  const all = await runLayer(layer("num_output: 1 group: 1 kernel_size: 1 bias_term: false"), { x }, [[3, 4]]);
  expect(all.y.data).toEqual([43, 86]);
});

test("num_output must be a multiple of the channels", async () => {
  expect(await buildError(layer("num_output: 3 kernel_size: 1"), { x: [1, 2, 3, 3] })).toMatch(/group 2 must divide/);
});

test("gradient", async () => {
  await checkGradients({ layer: layer("num_output: 4 kernel_size: 3 pad: 1"), inputs: { x: [2, 4, 3, 4] } });
});

testContract("ConvolutionDepthwise", {
  inputs: { x: imageShape },
  param: "convolution_param { num_output: 3 kernel_size: 3 }",
});
