// The inner loop of kernels, `npm run kernel`: a module compiled without optimization is never taken for the real one.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { choose } from "../kernels/chosen.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const generated = `${root}src/engines/wasm/gen`;
const folder = mkdtempSync(join(tmpdir(), "moka-quick-"));
afterAll(() => rmSync(folder, { recursive: true }));

const build = (out: string, ...args: string[]) =>
  execFileSync(process.execPath, ["scripts/build-wasm.mjs", "--out", out, ...args], { cwd: root, encoding: "utf8" });

test("the kernels that the tests run are those of assembly/, optimized", () => {
  expect(build(generated, "--dry-run"), "npm run build makes the kernels anew").toBe("wasm kernels: up to date\n");
});

test("a quick module is out of date for the next build", () => {
  for (const name of readdirSync(generated)) copyFileSync(join(generated, name), join(folder, name));
  const [, module] =
    /^wasm kernels: (module\S*\.ts) compiled without optimization/.exec(build(folder, "--quick")) ?? [];
  expect(module).toBeDefined();
  expect(build(folder, "--quick", "--dry-run")).toBe("wasm kernels: up to date\n");
  expect(build(folder, "--dry-run")).toMatch(new RegExp(`^wasm kernels: out of date: .*\\b${module}`));
});

test("kernels are chosen by name", () => {
  const all = ["relu", "reluBackward", "abs"] as const;
  expect(choose(all, undefined)).toEqual(all);
  expect(choose(all, "abs relu")).toEqual(["abs", "relu"]);
  expect(() => choose(all, "rulu")).toThrow("there is no kernel rulu; did you mean relu?");
});
