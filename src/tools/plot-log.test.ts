import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseLog } from "./parse-log.js";
import { plotLog } from "./plot-log.js";

const golden = fileURLToPath(new URL("../../test/golden/train/", import.meta.url));
const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);

test("plots losses and accuracy in two panels, with axes and names", () => {
  const svg = plotLog(parseLog(readFileSync(`${golden}lenet_bn_sgd/caffe.log`, "utf8")), "a <log>");
  expect(texts(svg)).toEqual(expect.arrayContaining(["a &lt;log&gt;", "loss (log scale)", "accuracy", "iteration"]));
  expect(texts(svg)).toEqual(expect.arrayContaining(["train loss", "test loss", "test accuracy"]));
  expect(texts(svg)).not.toContain("train, all losses smoothed");
  const smoothed = plotLog(parseLog(readFileSync(`${golden}average_loss/caffe.log`, "utf8")));
  expect(texts(smoothed)).toContain("train, all losses smoothed");
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 900 \d+"/);
  expect(svg).not.toContain("NaN");
});

const lines = (values: readonly string[]) =>
  values.map((value, i) => `I0101 00:00:00.000000 1 solver.cpp:1] Iteration ${i}, loss = ${value}`).join("\n");

/** Points of the first curve: each command after the first `M` of a path without fill that is no axis. */
function curves(svg: string): number[][] {
  const paths = [...svg.matchAll(/<path d="([^"]*)" fill="none" stroke="#2563a8"/g)].map(([, d = ""]) => d);
  return paths.map((d) => [...d.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, , y]) => Number(y)));
}

test("a value that is no number breaks the curve, and a point alone is a dot", () => {
  const svg = plotLog(parseLog(lines(["3", "2", "nan", "1.5", "inf", "1", "1.2"])));
  expect(curves(svg).map(({ length }) => length)).toEqual([2, 1, 2]);
  expect(svg.match(/<circle/g)?.length).toBe(1);
});

test("a long log becomes a small picture that keeps its extremes", () => {
  const values = Array.from({ length: 100_000 }, (_, i) => (i === 31_415 ? "9" : i === 65_000 ? "0" : "1"));
  const svg = plotLog(parseLog(lines(values)));
  expect(svg.length).toBeLessThan(100_000);
  const ys = curves(svg).flat();
  expect(new Set(ys).size).toBe(3);
});

test("a log without values is refused", () => {
  const empty = parseLog("I0101 00:00:00.000000 1 solver.cpp:1] Iteration 0, Testing net (#0)");
  expect(() => plotLog(empty)).toThrow(/no losses and no outputs/);
});
