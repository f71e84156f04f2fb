import { expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

// What the server does is tested in test/lsp, over pipes and in a process of its own.
test("--help says who starts it", async () => {
  const { code, out } = await moka("lsp", "--help");
  expect(code).toBe(0);
  expect(out).toContain("moka lsp [options]");
  expect(out).toContain("Editors start it: see docs/editors.md");
});

test("it takes no files", async () => {
  const { code, err } = await moka("lsp", "net.prototxt");
  expect([code, err]).toEqual([2, expect.stringContaining("too many arguments")]);
});
