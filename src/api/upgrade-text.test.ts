import { expect, test } from "vitest";
import { MokaError } from "../util/errors.js";
import { upgradeText } from "./upgrade-text.js";

test("V1 layers, input fields and solver types become today's, with their comments", () => {
  const v1 = upgradeText(
    'input: "x" input_dim: [1, 2, 3, 4]\n# why\nlayers { name: "a" type: RELU bottom: "x" top: "y" }',
  );
  expect(v1.upgraded).toBe(true);
  expect(v1.left).toEqual([]);
  expect(v1.text).toContain('# why\nlayer {\n  name: "a"\n  type: "ReLU"');
  expect(v1.text).toContain('type: "Input"');
  const v0 = upgradeText(
    'input: "x" input_dim: [1, 2, 3, 4] layers { layer { name: "a" type: "relu" } bottom: "x" top: "y" }',
  );
  expect(v0.text).toContain('type: "ReLU"');
  const solver = upgradeText('net: "n.prototxt"\nbase_lr: 0.1\nsolver_type: ADAM');
  expect(solver.text).toContain('type: "Adam"');
  expect(upgradeText(v1.text)).toEqual({ text: v1.text, upgraded: false, left: [] });
});

test("what the current form cannot say is named, and nothing is upgraded that cannot be read", () => {
  const { left } = upgradeText('layers { layer { name: "a" type: "data" num_output: 3 } top: "y" }');
  expect(left.join()).toContain("num_output");
  expect(() => upgradeText("layers { name: ")).toThrow(MokaError);
});
