import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const input = (name: string, ...shape: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((size) => `dim: ${size}`).join(" ")} } } }\n`;
const lstm = (bottoms: string, more = "") =>
  `layer { name: "lstm" type: "Lstm" ${bottoms} top: "h" lstm_param { num_output: 3 ${more}
     weight_filler { type: "uniform" min: -1 max: 1 } bias_filler { type: "uniform" min: -1 max: 1 } } }\n`;
const draw = (i: number, name: string) => (name === "clip" ? Number(i > 1 && i % 3 > 0) : Math.sin(i * 12.9898) * 1.7);

test.each([11, 13, 18, 22])("Lstm in opset %d runs with any number of steps", async (opset) => {
  const text = input("x", 4, 2, 5) + lstm(`bottom: "x"`);
  expect(await exportError(text, { opset, more: [{ x: [6, 2, 5] }], batch: "dynamic" })).toBeLessThan(1e-5);
});

test("clip says where a sequence begins", async () => {
  const text = input("x", 4, 2, 5) + input("clip", 4, 2) + lstm(`bottom: "x" bottom: "clip"`);
  expect(await exportError(text, { draw, more: [{ x: [3, 2, 5], clip: [3, 2] }] })).toBeLessThan(1e-5);
  expect((await exported(text)).exported.notes).toHaveLength(1);
});

test("steps and streams may be one axis", async () => {
  const clip = input("x", 6, 5) + input("clip", 6) + lstm(`bottom: "x" bottom: "clip"`, "batch_size: 2");
  expect(await exportError(clip, { draw })).toBeLessThan(1e-5);
  const more = [{ x: [8, 5] }, { x: [2, 5] }];
  expect(await exportError(input("x", 6, 5) + lstm(`bottom: "x"`, "batch_size: 1"), { more })).toBeLessThan(1e-5);
});
