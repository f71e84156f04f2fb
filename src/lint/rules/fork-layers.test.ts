import { expect, test } from "vitest";
import { layerNet } from "../../../test/layers.js";
import { testRule } from "../../../test/lint.js";
import { forkLayers } from "./fork-layers.js";

const input = (shape = "shape { dim: 1 dim: 6 dim: 5 dim: 5 }") =>
  `layer { name: "x" type: "Input" top: "x" input_param { ${shape} } }\n`;
const conv = (type: string, name: string, param: string) =>
  `layer { name: "${name}" type: ${type} bottom: "x" top: "${name}" convolution_param { ${param} } }\n`;
const depthwise = "num_output: 6 kernel_size: 3";

testRule(forkLayers, {
  good: {
    "BVLC's types, Split among them": `${input()}${conv('"Convolution"', "c", `${depthwise} group: 6`)}layer { name: "s" type: "Split" bottom: "c" top: "d" }\n`,
    "SegNet's BN, which bn-fork-fields reports":
      'layer { name: "b" type: "BN" bottom: "x" top: "b" bn_param { scale_filler { type: "constant" value: 1 } } }\n',
    "a type that nobody has": 'layer { name: "n" type: "Nobodys" bottom: "x" top: "n" }\n',
  },
  bad: {
    "a type of SSD's, once for all its layers": {
      text: `${input()}layer { name: "p" ▶type: "Permute" bottom: "x" top: "p" }
layer { name: "q" type: "Permute" bottom: "x" top: "q" }
`,
      says: ['layer "p" (Permute) is of a type', "weiliu89/caffe", "1 more layer of this type", "Moka runs it"],
    },
    "types without a field in any proto": {
      text: `${input()}layer { name: "m" ▶type: "Mish" bottom: "x" top: "m" }
layer { name: "r" ▶type: "HardSwish" bottom: "x" top: "r" }
`,
      says: ["Synopsys's"],
    },
    "DepthwiseConvolution, with its group": {
      text: `${input()}${conv('"DepthwiseConvolution"', "d", `${depthwise} group: 6`).replace("type:", "▶type:")}${conv('"DepthwiseConvolution"', "e", depthwise)}`,
      fixed: `${input()}${conv('"Convolution"', "d", `${depthwise} group: 6`)}${conv('"Convolution"', "e", depthwise)}`,
      says: ["A Convolution with the same group and blobs computes the same"],
    },
    "ConvolutionDepthwise, by the channels of its bottom": {
      text: `${input()}${conv('"ConvolutionDepthwise"', "d", depthwise).replace("type:", "▶type:")}${conv('"ConvolutionDepthwise"', "e", `${depthwise} group: 2`)}`,
      fixed: `${input()}${conv('"Convolution"', "d", `${depthwise} group: 6`)}${conv('"Convolution"', "e", `${depthwise} group: 2`)}`,
    },
    "ConvolutionDepthwise of unknown channels": {
      text: conv('"ConvolutionDepthwise"', "d", depthwise).replace("type:", "▶type:"),
    },
  },
});

test("the Convolution in its place computes the same from the same weights", async () => {
  const shape = { x: [2, 6, 5, 5] };
  const values = Float32Array.from({ length: 300 }, (_, i) => Math.sin(i));
  for (const [type, param, group] of [
    ["DepthwiseConvolution", `${depthwise} group: 3`, "group: 3"],
    ["ConvolutionDepthwise", depthwise, "group: 6"],
  ] as const) {
    const filler = 'weight_filler { type: "xavier" } bias_filler { value: 0.5 }';
    const forks = await layerNet(conv(`"${type}"`, "y", `${param} ${filler}`), shape);
    const bvlcs = await layerNet(conv('"Convolution"', "y", `${depthwise} ${group} ${filler}`), shape, { seed: 9 });
    bvlcs.copyTrainedLayers(forks.toMessage());
    const [a, b] = [await forks.forward({ x: values }), await bvlcs.forward({ x: values })];
    expect([...(b.y ?? [])]).toEqual([...(a.y ?? [])]);
    expect(new Set(a.y).size).toBeGreaterThan(100);
    await Promise.all([forks.dispose(), bvlcs.dispose()]);
  }
});
