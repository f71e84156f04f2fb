import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const input = (name: string, ...dims: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${dims.map((size) => `dim: ${size}`).join(" ")} } } }`;
const pooled = `layer { name: "pool" type: "Pooling" bottom: "x" top: "p" top: "mask" pooling_param { kernel_size: 2 stride: 2 } }`;
const unpool = (param: string, x: string) =>
  `layer { name: "up" type: "Upsample" bottom: "${x}" bottom: "mask" top: "y" upsample_param { ${param} } }`;

test.each([
  ["scale: 2", 6, 8],
  ["scale: 2 pad_out_h: true pad_out_w: true", 5, 7],
  ["upsample_h: 7 upsample_w: 5", 7, 5],
])("what a pooling took is put back: %s", async (param, h, w) => {
  const text = [input("x", 2, 3, h, w), pooled, unpool(param, "p")].join("\n");
  for (const opset of [11, 13, 22]) expect(await exportError(text, { opset, more: [{ x: [3, 3, h, w] }] })).toBe(0);
  expect(await exportError(text, { batch: 4 })).toBe(0);
  expect((await exported(text, undefined, { batch: 4 })).exported.inputs).toEqual({ x: [4, 3, h, w] });
});

test("of two values for one place the last stays", async () => {
  const text = [input("x", 2, 3, 4, 5), input("mask", 2, 3, 4, 5), unpool("scale_h: 1 scale_w: 2", "x")].join("\n");
  const draw = (i: number, name: string) => (name === "mask" ? (i * 7) % 13 : Math.sin(i));
  expect(await exportError(text, { draw, more: [{ x: [3, 3, 4, 5], mask: [3, 3, 4, 5] }] })).toBe(0);
});
