// Which layers run backward, in every log of the reference (caffe.log of the training runs): both nets of each solver.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Solver } from "../../src/index.js";

const folder = fileURLToPath(new URL("train/", import.meta.url));
const told = /(\S+ (?:needs|does not need) backward computation\.)$/;

test.each(readdirSync(folder))("%s", async (name) => {
  const expected = readFileSync(`${folder}${name}/caffe.log`, "utf8")
    .split("\n")
    .flatMap((line) => told.exec(line)?.[1] ?? []);
  const own: string[] = [];
  const log = (_: string, __: string, text: string) => void own.push(...(told.exec(text)?.slice(1) ?? []));
  const solver = await Solver.load(`${folder}${name}/solver.prototxt`, { engine: "reference", log });
  await solver.dispose();
  expect(expected.length).toBeGreaterThan(5);
  expect(own).toEqual(expected);
});
