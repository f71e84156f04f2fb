import { expect, test } from "vitest";
import { ErrorOfBlob } from "./blob-error.js";

test("the errors of one run, and where the largest is", () => {
  const error = new ErrorOfBlob();
  const run = error.add([1, -4, 2, 0, 3, 1], [1, -4, 2, 0.5, 3, 0.9], [2, 3]);
  expect(run).toEqual({ relativeError: 0.125, worst: { index: [1, 0], moka: 0, onnx: 0.5 } });
  expect(error.maxError).toBe(0.5);
  expect(error.meanError).toBeCloseTo(0.1);
});

test("over several runs the largest counts, and the mean of all values", () => {
  const error = new ErrorOfBlob();
  error.add([2], [1], [1]);
  error.add([8, 8, 8], [6, 8, 8], [3]);
  expect(error).toMatchObject({ maxError: 2, relativeError: 0.5, meanError: 0.75 });
});

test.each([
  [Number.NaN, Number.NaN, 0],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0],
  [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  [Number.NaN, 1, Number.POSITIVE_INFINITY],
  [1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  [-0, 0, 0],
])("%s in Moka and %s in ONNX Runtime are %s apart", (moka, onnx, apart) => {
  expect(new ErrorOfBlob().add([moka, 1], [onnx, 1], [2]).relativeError).toBe(apart);
});

test("integers and booleans are compared as numbers", () => {
  expect(new ErrorOfBlob().add([3, 1], [3n, true], [2]).relativeError).toBe(0);
});
