// Numbers: by hand, the sum over all ways to spell the labels.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (bottoms: string, param = "", type = "CTCLoss") =>
  `layer { name: "layer" type: "${type}" ${bottoms
    .split(" ")
    .map((name) => `bottom: "${name}"`)
    .join(" ")} top: "loss" ctc_loss_param { ${param} } }`;
const wave = (count: number) => Array.from({ length: count }, (_, i) => Math.sin(i * 1.9 + 0.4));

/** −ln of the sum of the probabilities of all paths that collapse to the labels. */
function bruteForce(scores: readonly number[], T: number, C: number, labels: readonly number[], blank: number): number {
  let total = 0;
  for (let code = 0; code < C ** T; code++) {
    const path = Array.from({ length: T }, (_, t) => Math.trunc(code / C ** t) % C);
    const spelled = path.filter((c, t) => c !== blank && c !== path[t - 1]);
    if (spelled.join() !== labels.join()) continue;
    total += path.reduce((p, c, t) => {
      const row = scores.slice(t * C, (t + 1) * C);
      return (p * Math.exp(row[c] ?? 0)) / row.reduce((sum, score) => sum + Math.exp(score), 0);
    }, 1);
  }
  return -Math.log(total);
}

test.each([
  [[1], 0],
  [[1, 2], 0],
  [[2, 2], 0],
  [[0, 1, 0], 2],
  [[], 0],
])("of labels %j with blank %d", async (labels, blank) => {
  const scores = wave(15);
  const row = [...labels, ...Array<number>(4 - labels.length).fill(-1)];
  const inputs = { x: { shape: [5, 1, 3], data: scores }, y: { shape: [1, 4], data: row } };
  const { loss } = await runLayer(layer("x y", `blank_index: ${blank}`), inputs);
  expect(loss?.data[0]).toBeCloseTo(bruteForce(scores, 5, 3, labels, blank), 5);
});

const x = { shape: [4, 2, 3], data: wave(24) };
const ofStream = (n: number) =>
  Array.from({ length: 4 }, (_, t) => x.data.slice((t * 2 + n) * 3, (t * 2 + n + 1) * 3)).flat();
const mean = (bruteForce(ofStream(0).slice(0, 9), 3, 3, [1, 2], 0) + bruteForce(ofStream(1), 4, 3, [2], 0)) / 2;
const indicators = { shape: [4, 2], data: [0, 0, 1, 1, 1, 1, 0, 1] };
const columns = { shape: [4, 2], data: [1, 2, 2, -1, -1, -1, -1, -1] };
const lengths = { frames: { shape: [2], data: [3, 4] }, counts: { shape: [2], data: [2, 1] } };

test("with indicators, or with lengths", async () => {
  const { loss } = await runLayer(layer("x i y"), { x, i: indicators, y: columns });
  expect(loss?.data[0]).toBeCloseTo(mean, 5);
  const long = await runLayer(layer("x frames counts y"), { x, ...lengths, y: columns });
  expect(long.loss?.data[0]).toBeCloseTo(mean, 5);
});

test("WarpCTCLoss adds 1 to labels with indicators, and its gradient is not scaled", async () => {
  const y = { shape: [4, 2], data: columns.data.map((label) => (label > 0 ? label - 1 : label)) };
  const { loss } = await runLayer(layer("x i y", "", "WarpCTCLoss"), { x, i: indicators, y });
  expect(loss?.data[0]).toBeCloseTo(mean, 5);
  const gradients: number[][] = [];
  for (const type of ["CTCLoss", "WarpCTCLoss"]) {
    const text = layer("x y", "", type).replace(/}$/, "loss_weight: 3 }");
    const net = await layerNet(text, { x: x.shape, y: [2, 2] }, { header: "force_backward: true" });
    await net.forward({ x: x.data, y: [1, 2, 2, 0] });
    await net.backward();
    gradients.push([...(net.blobs.get("x")?.diff ?? [])]);
    await net.dispose();
  }
  gradients[0]?.forEach((value, i) => void expect((value * 2) / 3).toBeCloseTo(gradients[1]?.[i] ?? Number.NaN, 6));
});

test("labels that do not fit into the frames cost nothing", async () => {
  const { loss } = await runLayer(layer("x y"), { x, y: { shape: [2, 3], data: [1, 1, 1, 2, 2, 2] } });
  expect(loss?.data).toEqual([0]);
});

test("very unlikely labels have a finite cost", async () => {
  const scores = { shape: [2, 1, 2], data: [800, 0, 800, 0] };
  const { loss } = await runLayer(layer("x y"), { x: scores, y: { shape: [1, 1], data: [1] } });
  expect(loss?.data[0]).toBeCloseTo(800 - Math.log(2), 3);
});

test.each([
  ["x y", { y: [2, 2] }, { y: [1, 2, 2, 2] }],
  ["x i y", { i: [4, 1], y: [4, 1] }, { i: [0, 1, 1, 0], y: [1, 2, -1, -1] }],
] as const)("gradient with %s", async (bottoms, shapes, values) => {
  const sequences = bottoms === "x y" ? 2 : 1;
  await checkGradients({ layer: layer(bottoms), inputs: { x: [4, sequences, 3], ...shapes }, values, check: ["x"] });
});

describe("errors", () => {
  test("fields and shapes", async () => {
    expect(await buildError(layer("x y", "output_delay: 1"), { x: [4, 2, 3], y: [2, 2] })).toMatch(/their defaults$/);
    expect(await buildError(layer("x y", "blank_index: 3"), { x: [4, 2, 3], y: [2, 2] })).toMatch(/blank_index 3/);
    expect(await buildError(layer("x y"), { x: [4, 2], y: [2, 2] })).toMatch(/needs scores \(T, N, C\)/);
    expect(await buildError(layer("x y"), { x: [4, 2, 3], y: [3, 2] })).toMatch(/2 sequences of 4 frames need labels/);
    expect(await buildError(layer("x i y"), { x: [4, 2, 3], i: [4, 1], y: [4, 2] })).toMatch(
      /there are 4 1 \(4\), 4 2/,
    );
  });

  test("labels and lengths out of range", async () => {
    const wrong = (data: number[]) => runLayer(layer("x y"), { x, y: { shape: [2, 1], data } });
    await expect(wrong([3, 1])).rejects.toThrow(/label 3 of sequence 0 is not one of its 3 classes/);
    await expect(wrong([1, Number.NaN])).rejects.toThrow(/label NaN of sequence 1/);
    const frames = { shape: [2], data: [5, 4] };
    await expect(runLayer(layer("x f c y"), { x, f: frames, c: lengths.counts, y: columns })).rejects.toThrow(
      /sequence 0 is said to have 5 of 4 frames, and 2 of 4 labels$/,
    );
  });
});

testContract("CTCLoss", { inputs: { a: [2, 1, 3], label: [2] }, param: "ctc_loss_param { blank_index: 2 }" });
