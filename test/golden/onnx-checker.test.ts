// ONNX's own checker accepts what the golden cases become, at the oldest and the newest opset that it knows, and at the default one.
import { expect, test } from "vitest";
import { complaintsAbout, hasChecker } from "../onnx/checker.js";
import { exported } from "../onnx/exported.js";
import { onnxCase, onnxCases } from "./onnx-cases.js";
import { refusals } from "./onnx-refusals.js";

test.skipIf(!hasChecker).each([11, 13, 17])("opset %d (skipped without Debian's python3-onnx)", async (opset) => {
  const models = new Map<string, Uint8Array>();
  for (const path of onnxCases) {
    if (refusals.some(([pattern]) => pattern.test(path))) continue;
    const { text, weights, options } = await onnxCase(path);
    models.set(path, (await exported(text, weights, { ...options, opset })).bytes);
  }
  expect(models.size).toBeGreaterThan(300);
  expect(complaintsAbout(models)).toEqual({});
});
