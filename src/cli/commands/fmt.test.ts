import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

const folder = mkdtempSync(join(tmpdir(), "moka-fmt-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "net.prototxt");
const uneven = 'layer{name:"a" # its name\n type : "ReLU"}\n';
const even = 'layer {\n  name: "a" # its name\n  type: "ReLU"\n}\n';

test("a file is laid out in place, and then stays", async () => {
  writeFileSync(path, uneven);
  expect(await moka("fmt", path)).toMatchObject({ code: 0, out: "" });
  expect(readFileSync(path, "utf8")).toBe(even);
  expect(await moka("fmt", "--check", path)).toMatchObject({ code: 0, out: "" });
});

test("--check and --diff write nothing", async () => {
  writeFileSync(path, uneven);
  expect(await moka("fmt", "--check", path)).toMatchObject({ code: 1, out: `${path}\n` });
  const { code, out } = await moka("fmt", "--diff", path);
  expect(code).toBe(0);
  expect(out).toContain('+  type: "ReLU"');
  expect(readFileSync(path, "utf8")).toBe(uneven);
});

test("a text that is not closed is left as it is, with the place", async () => {
  writeFileSync(path, 'layer { name: "a"\n');
  const { code, err } = await moka("fmt", path);
  expect(code).toBe(1);
  expect(err).toContain(`${path}:1:7`);
  expect(readFileSync(path, "utf8")).toBe('layer { name: "a"\n');
});
