// Numbers: the most probable classes, picked by hand.
// No gradient: the best classes do not change with small changes of the scores.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param = "", bottoms = 'bottom: "x"') =>
  `layer { name: "layer" type: "CTCGreedyDecoder" ${bottoms} top: "y" ctc_decoder_param { ${param} } }`;
/** Scores (T, N, 3) whose best classes are these, a list for each sequence. */
const best = (...paths: number[][]) => ({
  shape: [paths[0]?.length ?? 0, paths.length, 3],
  data: (paths[0] ?? []).flatMap((_, t) => paths.flatMap((path) => [0, 1, 2].map((c) => (c === path[t] ? 1 : 0)))),
});

test("reads each class once where it lasts, without blanks", async () => {
  const { y } = await runLayer(layer(), { x: best([1, 1, 0, 1, 2], [0, 0, 2, 2, 0]) });
  expect(y).toEqual({ shape: [2, 5, 1, 1], data: [1, 1, 2, -1, -1, 2, -1, -1, -1, -1] });
  const all = await runLayer(layer("ctc_merge_repeated: false blank_index: -1"), { x: best([1, 1, 0, 1, 2]) });
  expect(all.y?.data).toEqual([1, 1, 0, 1, -1]);
});

test("compares with labels", async () => {
  const text = layer("", 'bottom: "x" bottom: "label"');
  const label = { shape: [2, 3], data: [1, 2, 0, 2, -1, 1] };
  const { y } = await runLayer(text, { x: best([1, 1, 0, 1, 2], [0, 0, 2, 2, 0]), label });
  expect(y?.shape).toEqual([1, 2, 1, 1]);
  expect(y?.data[0]).toBeCloseTo(1 - 1 / 3 / 2, 6);
  expect(y?.data[1]).toBe(0.5);
});

test("errors", async () => {
  expect(await buildError(layer(), { x: [4, 2] })).toMatch(/needs scores \(T, N, C\)/);
  expect(await buildError(layer("blank_index: 3"), { x: [4, 2, 3] })).toMatch(/blank_index 3/);
  const two = layer("", 'bottom: "x" bottom: "label"');
  expect(await buildError(two, { x: [4, 2, 3], label: [3, 2] })).toMatch(/2 sequences need labels \(2, L\)/);
});

testContract("CTCGreedyDecoder", { inputs: { a: [3, 2, 4] } });
