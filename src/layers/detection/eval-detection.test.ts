// Numbers: numpy, double precision, the fork's loops written again from its formulas.
// No gradient: it counts.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, runLayer } from "../../../test/layers.js";

const fields = "num_class: 2 num_object: 2 biases: 0.6 biases: 0.8 biases: 1.4 biases: 1.1";
const layer = (param: string) =>
  `layer { name: "layer" type: "EvalDetection" bottom: "x" bottom: "label" top: "y" eval_detection_param { ${param} } }`;
const x = { shape: [1, 14, 3, 3], data: Array.from({ length: 126 }, (_, i) => 2.6 * Math.sin(i * 1.7 + 0.3)) };
const label = {
  shape: [1, 1, 4, 5],
  data: [0, 0.3, 0.4, 0.5, 0.5, 0, 0.9, 0.8, 0.25, 0.3, 1, 0.55, 0.6, 0.8, 0.4, 1, 0.5, 0.5, 0.3, 0.3],
};
const settings = `${fields} nms: 0.45 threshold: 0.2`;

/** The rows with class, score, right, wrong, as one line of text for each. */
async function rowsOf(param: string, labels = label) {
  const { y } = await runLayer(layer(param), { x, label: labels });
  expect(y?.shape).toEqual([1, 2 + 18 * 4]);
  const rows = Array.from({ length: 18 }, (_, i) => y?.data.slice(2 + 4 * i, 6 + 4 * i) ?? []);
  return { counts: y?.data.slice(0, 2), rows };
}

test("compares detections with true boxes", async () => {
  const { counts, rows } = await rowsOf(settings);
  expect(counts).toEqual([2, 2]);
  const scores = [0.55568, 0.4681, 0.31219, 0.21001, 0.13016, 0.09475, 0.09283, 0.09272, 0.07976, 0.07341, 0.06915];
  scores.push(0.9019, 0.85872, 0.85757, 0.79068, 0.70377, 0.65437, 0.45895);
  rows.forEach((row, i) => void expect(row[1]).toBeCloseTo(scores[i] ?? Number.NaN, 4));
  expect(rows.map((row) => row[0])).toEqual([...Array<number>(11).fill(0), ...Array<number>(7).fill(1)]);
  expect(rows.map((row) => row[2])).toEqual(rows.map((_, i) => (i === 2 || i === 3 ? 1 : 0)));
  expect(rows.map((row) => row[3])).toEqual(rows.map((_, i) => (i === 5 ? 1 : 0)));
});

test.each([
  ["OBJ", [2, 3], [7], [0.71823, 0.49196]],
  ["PROB", [0, 4], [3], [0.99377, 0.99357]],
] as const)("scores by %s", async (type, right, wrong, first) => {
  const { rows } = await rowsOf(`${settings} score_type: ${type}`);
  const places = (column: number) => rows.flatMap((row, i) => (row[column] === 1 ? [i] : []));
  expect([places(2), places(3)]).toEqual([right, wrong]);
  expect(rows[0]?.[1]).toBeCloseTo(first[0], 4);
  expect(rows[1]?.[1]).toBeCloseTo(first[1], 4);
});

test("a detection is wrong if its class has no true box, and there is none at all without nms", async () => {
  const only = { shape: [1, 1, 1, 8], data: [0, 2, 0, 0.2, 0.2, 0.4, 0.4, 0] };
  const { counts, rows } = await rowsOf(settings, only);
  expect(counts).toEqual([0, 1]);
  expect(rows.slice(0, 11).every((row) => row[2] === 0 && row[3] === 1)).toBe(true);
  expect((await rowsOf(fields)).rows.flat().every((value) => value === 0)).toBe(true);
});

describe("errors", () => {
  test("fields and shapes", async () => {
    const inputs = { x: [1, 14, 3, 3], label: [1, 1, 4, 5] };
    expect(await buildError(layer("num_class: 2 num_object: 2"), inputs)).toMatch(/it has 0 numbers$/);
    expect(await buildError(layer(`${fields} num_class: 0`.replace("num_class: 2 ", "")), inputs)).toMatch(/1 or more/);
    expect(await buildError(layer(fields), { ...inputs, x: [1, 14, 3, 4] })).toMatch(/must be square/);
    expect(await buildError(layer(fields), { ...inputs, x: [1, 15, 3, 3] })).toMatch(/\(N, 14, H, W\)/);
    expect(await buildError(layer(fields), { ...inputs, label: [1, 3] })).toMatch(/labels must be/);
  });
});

testContract("EvalDetection", {
  inputs: { a: [2, 14, 2, 2], label: [2, 0] },
  param: `eval_detection_param { ${fields} nms: 0.4 }`,
});
