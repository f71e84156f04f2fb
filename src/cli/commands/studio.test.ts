import { expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

test.each([["65536"], ["-1"], ["http"], ["80.5"]])("a port must be one: %s", async (port) => {
  const { code, err } = await moka("studio", `--port=${port}`);
  expect(code).toBe(2);
  expect(err).toContain("--port must be a port, 0 to 65535");
});

test("a file that is not there is said before anything is served", async () => {
  const { code, err } = await moka("studio", "missing.prototxt");
  expect(code).not.toBe(0);
  expect(err).toMatch(/missing\.prototxt|not built/);
});
