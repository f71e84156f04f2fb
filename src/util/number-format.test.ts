import { expect, test } from "vitest";
import { formatNumber } from "./number-format.js";

test.each([
  [0, "0"],
  [-0, "-0"],
  [1, "1"],
  [0.01, "0.01"],
  [2.554636240005493, "2.55464"],
  [38.3938, "38.3938"],
  [0.383333333, "0.383333"],
  [100000, "100000"],
  [999999.5, "1e+06"],
  [1234567, "1.23457e+06"],
  [0.0001, "0.0001"],
  [0.00001234, "1.234e-05"],
  [-2.8026e-45, "-2.8026e-45"],
  [1e100, "1e+100"],
  [Number.NaN, "nan"],
  [Number.NEGATIVE_INFINITY, "-inf"],
])("%s is printed as %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});
