import { describe, expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const net = (param: string, h: number, w = h, tops = `top: "y"`) => `
  layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: ${h} dim: ${w} } } }
  layer { name: "pool" type: "Pooling" bottom: "x" ${tops} pooling_param { ${param} } }`;
const more = [{ x: [3, 3, 8, 8] }];

/** The operators, with the pads of poolings. */
async function operators(text: string) {
  const { exported: net } = await exported(text);
  return net.model.graph?.node.map(({ opType, attribute }) => {
    const pads = attribute.find(({ name }) => name === "pads");
    return pads?.ints.length ? `${opType} ${pads.ints.join(" ")}` : opType;
  });
}

// test/onnx/pooling.test.ts has all windows; these are the forms.
describe("Pooling", () => {
  test.each([
    ["MAX k3 s2: the last window is cut", "pool: MAX kernel_size: 3 stride: 2", 8, ["MaxPool 0 0 1 1"]],
    ["MAX k3 s2, which fits", "pool: MAX kernel_size: 3 stride: 2", 7, ["MaxPool 0 0 0 0"]],
    ["MAX k3 s2 p1: the same pads", "pool: MAX kernel_size: 3 stride: 2 pad: 1", 7, ["MaxPool 1 1 1 1"]],
    ["AVE k3 s2: no pads counted", "pool: AVE kernel_size: 3 stride: 2", 8, ["AveragePool 0 0 1 1"]],
    ["AVE k3 s1 p1: pads counted", "pool: AVE kernel_size: 3 pad: 1", 8, ["Pad", "AveragePool 0 0 0 0"]],
    [
      "AVE k4 s3 p1: pads counted, not beyond",
      "pool: AVE kernel_size: 4 stride: 3 pad: 1",
      7,
      ["Pad", "AveragePool 0 0 1 1"],
    ],
    ["AVE, the whole image", "pool: AVE global_pooling: true", 8, ["GlobalAveragePool"]],
    ["MAX, the whole image", "pool: MAX kernel_size: 8", 8, ["GlobalMaxPool"]],
    ["MAX k1 s2: a window outside", "pool: MAX kernel_size: 1 stride: 2", 8, ["MaxPool 0 0 0 0", "Pad"]],
    ["FLOOR", "pool: MAX kernel_size: 2 stride: 2 round_mode: FLOOR", 7, ["MaxPool 0 0 0 0"]],
    ["AVE_EXC_PAD", "pool: AVE_EXC_PAD kernel_size: 3 stride: 2 pad: 1", 8, ["AveragePool 1 1 2 2"]],
    ["pads of each side", "pool: AVE kernel_size: 3 pad_l: 2 pad_b: 1", 8, ["Pad", "AveragePool 0 0 0 0"]],
  ])("%s", async (_, param, size, ops) => {
    const text = net(param, size);
    expect(await operators(text)).toEqual(ops);
    for (const opset of [11, 13, 18, 22]) {
      expect(await exportError(text, { opset, more: size === 8 ? more : [] })).toBeLessThan(1e-6);
    }
  });

  test("the indices of MAX are of each plane", async () => {
    const text = net("pool: MAX kernel_size: 3 stride: 2 pad: 1", 8, 8, `top: "y" top: "mask"`);
    expect(await operators(text)).toEqual(["MaxPool 1 1 2 2", "Mod", "Cast"]);
    // Ties: the mask is that of the first.
    expect(await exportError(text, { more, draw: (i) => Math.round(Math.sin(i * 12.9898)) })).toBe(0);
  });

  test("STOCHASTIC is the mean by shares, 0 where all is 0", async () => {
    const text = net("pool: STOCHASTIC kernel_size: 3 stride: 2", 8);
    const draw = (i: number) => (i % 64 < 24 ? 0 : Math.abs(Math.sin(i)));
    expect(await exportError(text, { more, draw })).toBeLessThan(1e-6);
  });
});
