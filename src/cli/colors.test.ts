import { afterEach, expect, test, vi } from "vitest";
import { betweenColors, colorsFor } from "./colors.js";

afterEach(() => vi.unstubAllEnvs());

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { TERM: "dumb" }, false],
  [true, { NO_COLOR: "1" }, false],
  [false, { FORCE_COLOR: "1" }, true],
  [true, { FORCE_COLOR: "0" }, false],
  [true, { FORCE_COLOR: "false" }, false],
  [false, { CI: "true" }, false],
  [true, { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
])("a stream with isTTY %j under %j is colored: %j", (isTTY, environment, colored) => {
  for (const name of ["NO_COLOR", "FORCE_COLOR", "CI"]) vi.stubEnv(name, "");
  vi.stubEnv("TERM", "xterm");
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  expect(betweenColors(colorsFor({ isTTY }).red("x"), (part) => part)).toBe(colored ? "\u001b[31mx\u001b[39m" : "x");
});
