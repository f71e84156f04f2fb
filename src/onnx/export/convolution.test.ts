import { describe, expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const filler = `weight_filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: 1 }`;
const net = (type: string, dims: string, param: string, blobs = `bottom: "x" top: "y"`) => `
  layer { name: "x" type: "Input" top: "x" input_param { shape { ${dims.replace(/\d+/g, "dim: $&")} } } }
  layer { name: "layer" type: "${type}" ${blobs} convolution_param { ${param} ${filler} } }`;

const operators = async (text: string) => (await exported(text)).exported.model.graph?.node.map(({ opType }) => opType);

// A Deconvolution has the fields and the axes of a Convolution.
describe("Convolution, and Deconvolution", () => {
  const k3 = "num_output: 4 kernel_size: 3";
  test.each([
    ["2-D", "2 3 7 8", k3],
    ["group, stride, dilation, pad", "2 4 9 9", `${k3} group: 2 stride: 2 dilation: 2 pad: 3`],
    [
      "each axis by itself",
      "2 3 7 8",
      "num_output: 2 kernel_h: 3 kernel_w: 2 stride_h: 1 stride_w: 3 pad_h: 2 pad_w: 1",
    ],
    ["without bias", "2 3 5 5", `${k3} bias_term: false`],
    ["pads of each side", "2 3 8 8", `${k3} stride: 2 pad_l: 1 pad_b: 2`],
    ["padding above the kernel", "1 2 7 7", "num_output: 3 kernel_size: 1 pad: 2 stride: 2"],
    ["1-D", "2 3 9", `${k3} stride: 2 pad: 1`],
    ["3-D", "1 2 4 5 6", `${k3} pad: 1`],
    ["4-D", "1 2 3 3 3 3", "num_output: 2 kernel_size: 2"],
  ])("%s: one node", async (_, dims, param) => {
    const more = [{ x: dims.split(" ").map((size, axis) => (axis === 0 ? 5 : Number(size))) }];
    for (const [type, op] of [
      ["Convolution", "Conv"],
      ["Deconvolution", "ConvTranspose"],
    ]) {
      const text = net(type, dims, param);
      expect(await operators(text)).toEqual([op]);
      for (const opset of [11, 22]) expect(await exportError(text, { opset, more })).toBeLessThan(1e-6);
    }
  });

  test.each([
    ["channels at axis 2", "2 3 4 5 5", `${k3} axis: 2`, [{ x: [3, 3, 4, 5, 5] }]],
    ["channels at axis 0", "4 5 6", `${k3} axis: 0`, []],
    ["no spatial axis", "2 4", "num_output: 6 kernel_size: 1 group: 2", [{ x: [3, 4] }]],
    ["no spatial axis, channels at axis 2", "2 3 4", "num_output: 6 axis: -1", [{ x: [3, 3, 4] }]],
  ])("%s: between reshapes", async (_, dims, param, more) => {
    const types = [
      ["Convolution", "Conv"],
      ["Deconvolution", "ConvTranspose"],
    ];
    for (const [type, op] of types) {
      const text = net(type, dims, param);
      expect(await operators(text)).toEqual(["Reshape", op, "Reshape"]);
      expect(await exportError(text, { more })).toBeLessThan(1e-6);
    }
  });

  test("several bottoms share the weights", async () => {
    const blobs = `bottom: "x" bottom: "x" top: "y" top: "z"`;
    for (const type of ["Convolution", "Deconvolution"]) {
      const text = net(type, "2 3 5 5", k3, blobs);
      const { exported: model } = await exported(text);
      expect(model.model.graph?.initializer.length).toBe(2);
      expect(await exportError(text)).toBeLessThan(1e-6);
    }
  });

  test("a kernel larger than the image: Caffe's division leaves one position", async () => {
    expect(await exportError(net("Convolution", "1 2 4 4", "num_output: 2 kernel_size: 5 stride: 3"))).toBeLessThan(
      1e-6,
    );
  });

  test.each(["DepthwiseConvolution", "ConvolutionDepthwise"])("%s", async (type) => {
    const text = net(type, "2 4 6 6", "num_output: 4 group: 4 kernel_size: 3 stride: 2 pad: 1");
    expect(await exportError(text)).toBeLessThan(1e-6);
  });
});
