import { changeFields } from "moka-caffe";
import { expect, test } from "vitest";
import { isRead, solverFields, typedValue } from "./fields.js";

const field = (name: string) => solverFields.find((each) => each.name === name) ?? { name, kind: "number" as const };

test("what is typed becomes what the text has, or nothing", () => {
  expect(typedValue(field("lr_policy"), "step")).toEqual({ value: '"step"' });
  expect(typedValue(field("base_lr"), " 1e-3 ")).toEqual({ value: "1e-3" });
  expect(typedValue(field("base_lr"), "fast")).toBeUndefined();
  expect(typedValue(field("max_iter"), "1.5")).toBeUndefined();
  expect(typedValue(field("stepvalue"), "10, 20")).toEqual({ value: ["10", "20"] });
  expect(typedValue(field("gamma"), "")).toEqual({ value: undefined });
});

test("a policy reads its own fields alone", () => {
  expect(isRead(field("gamma"), "fixed")).toBe(false);
  expect(isRead(field("gamma"), "step")).toBe(true);
  expect(isRead(field("base_lr"), undefined)).toBe(true);
});

test("repeated fields get as many as are wanted", () => {
  const text = 'lr_policy: "multistep"\nstepvalue: 1\nstepvalue: 2\nstepvalue: 3\n';
  expect(changeFields(text, [{ path: ["stepvalue"], value: ["10", "20"] }])).toBe(
    'lr_policy: "multistep"\nstepvalue: 10\nstepvalue: 20\n',
  );
});
