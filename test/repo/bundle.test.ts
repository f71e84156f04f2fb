// What `npm run build` makes of the command line works as the files it is made of.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { version } from "../../src/version.js";
import { moka } from "../cli.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
// As deep in the package as dist/bin: from there it looks for the pages of rules.
const folder = `${root}build/bundle`;
const env = { ...process.env, NO_COLOR: "1" };
const run = (...args: string[]) =>
  execFileSync(process.execPath, [`${folder}/moka.js`, ...args], { cwd: root, env, encoding: "utf8" });

beforeAll(() => {
  execFileSync(process.execPath, ["scripts/bundle.mjs", "--out", folder], { cwd: root });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("it says the version", () => {
  expect(run("--version")).toBe(`${version}\n`);
});

test.each([
  ["--help"],
  ["train", "--help"],
  ["lint", "--explain", "bias-before-bn"],
  ["lint", "--json", "examples/article/solver.prototxt"],
  ["summary", "examples/article/deploy.prototxt"],
  ["explain", "examples/article/deploy.prototxt", "--engine", "wasm", "--threads", "2"],
])("it prints what the command prints: %s", async (...args) => {
  const { out } = await moka(...args);
  expect(out).not.toBe("");
  expect(run(...args)).toBe(out);
});

test.runIf(existsSync("/dev/full"))("it says that the output cannot be written", () => {
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, [`${folder}/moka.js`, "lint", "--list"], {
    cwd: root,
    env,
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
  });
  closeSync(full);
  expect(stderr).toMatch(/^moka: cannot write the output: ENOSPC.* \[MOKA_FILE\]\n$/);
  expect(status).toBe(1);
});

test("it ends without a word when nobody reads on", async () => {
  const child = spawn(process.execPath, [`${folder}/moka.js`, "lint", "--list"], { cwd: root, env });
  const errors: Buffer[] = [];
  child.stderr.on("data", (data: Buffer) => errors.push(data));
  child.stdout.destroy();
  const [code] = await once(child, "exit");
  expect(Buffer.concat(errors).toString()).toBe("");
  expect(code).toBe(0);
});
