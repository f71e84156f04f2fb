// The notebooks of Caffe's examples, as scripts: each ends well, and what it prints is right.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "moka-notebooks-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a notebook prints. */
async function printed(name: string, files = name): Promise<string> {
  const args = [`examples/notebooks/${name}.mjs`, join(folder, files)];
  const { FORCE_COLOR: _, ...env } = process.env;
  const options = { cwd: root, env: { ...env, NO_COLOR: "1" } };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, options);
  expect(stderr).toBe("");
  return stdout;
}

/** The number that follows these words in a text. */
function numberAfter(words: string, text: string): number {
  const at = text.lastIndexOf(`\n${words}`);
  expect(at, `"${words}" in:\n${text}`).toBeGreaterThanOrEqual(0);
  return Number(/-?[\d.]+/.exec(text.slice(at + words.length + 1))?.[0]);
}

const checks: Readonly<Record<string, (text: string) => void>> = {
  "00-classification": (text) => {
    expect(text).toContain('Net "Digits" (TEST): 9 layers, 20522 parameters');
    expect(text).toContain("\npredicted class is: 5\noutput label: five, actual label: five\n");
    expect(text).toMatch(/probabilities and labels:\n {2}0\.9\d+ five\n/);
    expect(text).toContain("\nconv1\t50,8,24,24\n");
    expect(text).toMatch(/Blob "fc1" 50 64 \(3200\): mean [\d.]+, from 0 to [\d.]+\n/);
    expect(numberAfter("accuracy:", text)).toBeGreaterThan(0.88);
    expect(text).toContain("\nClassifier: five\n");
  },
  "01-learning-lenet": (text) => {
    expect(text).toMatch(/\ntrain labels: (\d,){7}\d\ntest labels: (\d,){7}\d\n/);
    expect(numberAfter("first loss:", text)).toBeGreaterThan(1.8);
    expect(numberAfter("last loss:", text)).toBeLessThan(0.5);
    expect(numberAfter("accuracy:", text)).toBeGreaterThan(0.85);
    expect(numberAfter("custom loss:", text)).toBeLessThan(1.6);
  },
  "02-fine-tuning": (text) => {
    expect(text).toContain("\ndifference of fc1: 0\n");
    expect(text).toContain("actual label: odd\nas a digit: 5\n");
    const loss = (name: string) => numberAfter(`60) ${name}: loss=`, text);
    expect(loss("pretrained")).toBeLessThan(loss("scratch") / 3);
    expect(numberAfter("Accuracy, trained from digits:", text)).toBeGreaterThan(0.78);
    expect(numberAfter("Accuracy, trained from random initialization:", text)).toBeGreaterThan(0.6);
    expect(numberAfter("Accuracy, fine-tuned from digits:", text)).toBeGreaterThan(0.78);
  },
  net_surgery: (text) => {
    expect(text).toContain("blobs data,conv; params conv\n");
    expect(text).toContain(", change 1.0000\n");
    expect(text).toContain("\nfc1 weights are 64,256, fc1-conv weights are 64,16,4,4\n");
    const [, corners] = /^corners: (.*)$/m.exec(text) ?? [];
    const [, alone] = /^one by one: (.*)$/m.exec(text) ?? [];
    expect([corners, alone]).toEqual(["8,9,9,8", "8,9,9,8"]);
    expect(text).toContain("\nlabels: 8,9,9,8\n");
    expect(text).toContain("\ngreatest difference of the probabilities: below 1e-5\n");
  },
  "pascal-multilabel-with-datalayer": (text) => {
    expect(text).toMatch(/^GT: [a-z ]+$/m);
    expect(numberAfter("Baseline accuracy:", text)).toBeGreaterThan(0.6);
    expect(numberAfter("Baseline accuracy:", text)).toBeLessThan(0.8);
    expect(numberAfter("itt: 150 accuracy:", text)).toBeGreaterThan(0.93);
    expect(text.match(/^GT: .*; EST: .*$/gm)?.length).toBe(3);
  },
};

test("every notebook has its check", () => {
  const notebooks = readdirSync(join(root, "examples", "notebooks")).filter((file) => file !== "tools.mjs");
  expect(notebooks.sort()).toEqual(Object.keys(checks).map((name) => `${name}.mjs`));
});

test("a notebook can be run again: it draws its digits once", async () => {
  const first = await printed("net_surgery", "again");
  const drawn = first.split("\n").filter((line) => / (?:training|test) images: /.test(line));
  expect(drawn).toHaveLength(4);
  expect(await printed("net_surgery", "again")).toBe(first.replace(`${drawn.join("\n")}\n`, ""));
}, 60_000);

describe.each(Object.entries(checks))("%s", (name, check) => {
  test("prints what Caffe's notebook shows", async () => check(await printed(name)), 60_000);
});
