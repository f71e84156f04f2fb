import { expect, test } from "vitest";
import { exportError } from "../../../test/onnx/exported.js";

const input = (name: string, ...shape: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((size) => `dim: ${size}`).join(" ")} } } }\n`;

test.each([11, 13, 18, 22])("LSTMUnit in opset %d", async (opset) => {
  const text = `${input("c_prev", 1, 3, 2)}${input("gates", 1, 3, 8)}${input("cont", 1, 3)}
    layer { name: "unit" type: "LSTMUnit" bottom: "c_prev" bottom: "gates" bottom: "cont" top: "c" top: "h" }`;
  const draw = (i: number, name: string) => (name === "cont" ? i % 2 : Math.sin(i * 12.9898) * 1.7);
  const more = [{ c_prev: [4, 3, 2], gates: [4, 3, 8], cont: [4, 3] }];
  expect(await exportError(text, { opset, draw, more })).toBeLessThan(1e-6);
});
