import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readCfg } from "./cfg.js";

const folder = mkdtempSync(join(tmpdir(), "moka-cfg-"));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test("reads YAML and JSON", async () => {
  expect(await readCfg(undefined)).toBe(undefined);
  const yml = write("a.yml", "EXP_DIR: end2end\nTRAIN:\n  HAS_RPN: True\n  SCALES: [600]\n");
  expect(await readCfg(yml)).toEqual({ EXP_DIR: "end2end", TRAIN: { HAS_RPN: true, SCALES: [600] } });
  expect(await readCfg(write("a.json", '{ "TEST": { "RPN_MIN_SIZE": 8 } }'))).toEqual({ TEST: { RPN_MIN_SIZE: 8 } });
});

test("errors", async () => {
  await expect(readCfg(join(folder, "no.yml"))).rejects.toThrow("cannot read");
  await expect(readCfg(write("b.yml", "TRAIN: ["))).rejects.toThrow("b.yml, line 1: a bracket is not closed");
  await expect(readCfg(write("c.yml", "- 1"))).rejects.toThrow("holds no settings by name");
  await expect(readCfg(write("d.json", "{"))).rejects.toMatchObject({ code: "MOKA_PARSE" });
});
