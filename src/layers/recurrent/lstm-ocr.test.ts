// Numbers: numpy, double precision, the formulas of the contract.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "num_output: 2", bottoms = 'bottom: "x"') =>
  `layer { name: "layer" type: "Lstm" ${bottoms} top: "h" lstm_param { ${param} } }`;
const wave = (count: number, start: number) => Array.from({ length: count }, (_, i) => Math.sin(i * 1.3 + start));
const params = [wave(24, 0), wave(16, 1), wave(8, 2)];
const x = { shape: [3, 2, 3], data: wave(18, 3) };
const hidden = [
  -0.1997072, 0.0144481, -0.323504, -0.1094053, 0.3706226, -0.2371151, -0.6212497, 0.1293004, 0.0142147, -0.6124231,
  0.1109026, -0.1420261,
];
const goesOn = [
  -0.1997072, 0.0144481, -0.2858387, -0.3238584, 0.3706226, -0.2371151, -0.3962523, 0.1641467, 0.0142147, -0.6124231,
  0.1489331, -0.1515232,
];

test("computes three steps of two streams", async () => {
  const { h } = await runLayer(layer(), { x }, params);
  expect(h?.shape).toEqual([3, 2, 2]);
  hidden.forEach((value, i) => void expect(h?.data[i]).toBeCloseTo(value, 6));
});

test("with batch_size x is (T·N, K …)", async () => {
  const { h } = await runLayer(
    layer("num_output: 2 batch_size: 2"),
    { x: { shape: [6, 3, 1, 1], data: x.data } },
    params,
  );
  expect(h?.shape).toEqual([6, 2]);
  hidden.forEach((value, i) => void expect(h?.data[i]).toBeCloseTo(value, 6));
});

test("clip begins sequences anew, or goes on from the forward before", async () => {
  const net = await layerNet(layer(undefined, 'bottom: "x" bottom: "clip"'), { x: [3, 2, 3], clip: [6] });
  for (const [i, values] of params.entries()) net.params.get("layer")?.[i].data.set(values);
  const run = async (clip: number[]) => [...((await net.forward({ x: x.data, clip })).h ?? [])];
  (await run([0, 0, 1, 1, 1, 1])).forEach((value, i) => void expect(value).toBeCloseTo(hidden[i] ?? Number.NaN, 6));
  const clipped = await run([0, 1, 1, 0, 1, 1]);
  goesOn.forEach((value, i) => void expect(clipped[i]).toBeCloseTo(value, 6));
  await net.dispose();
});

test("with recurrent_param it is BVLC's LSTM", async () => {
  const text = `layer { name: "layer" type: "Lstm" bottom: "x" bottom: "cont" top: "h" recurrent_param { num_output: 2 } }`;
  const net = await layerNet(text, { x: [3, 2, 3], cont: [3, 2] });
  expect(net.params.get("layer")?.map(({ shape }) => [...shape])).toEqual([[8, 3], [8], [8, 2]]);
  await net.dispose();
});

test("keeps the gates' gradients within clipping_threshold", async () => {
  const limited = layer("num_output: 1 clipping_threshold: 0.01");
  const net = await layerNet(limited, { x: [1, 1, 1] }, { header: "force_backward: true" });
  for (const { data } of net.params.get("layer") ?? []) data.fill(1);
  await net.forward({ x: [1] });
  net.blobs.get("h")?.diff.fill(100);
  await net.backward();
  const limit = Math.fround(0.01);
  expect([...(net.params.get("layer")?.[2].diff ?? [])]).toEqual([limit, 0, limit, limit]);
  await net.dispose();
});

describe("gradient", () => {
  test("of three axes", async () => {
    await checkGradients({ layer: layer(), inputs: { x: [3, 2, 3] } });
  });

  test("with clip, which begins a sequence", async () => {
    const bottoms = 'bottom: "x" bottom: "clip"';
    const values = { clip: [0, 0, 1, 0, 1, 1] };
    const inputs = { x: [6, 3], clip: [6] };
    const text = layer("num_output: 2 batch_size: 2", bottoms);
    await checkGradients({ layer: text, inputs, values, check: ["x", "0", "1", "2"] });
  });
});

test("errors", async () => {
  expect(await buildError(layer(""), { x: [3, 2, 3] })).toMatch(/num_output must be given/);
  expect(await buildError(layer("num_output: 2 batch_size: 4"), { x: [6, 3] })).toMatch(/batch_size N, which is 4/);
  expect(await buildError(layer(undefined, 'bottom: "x" bottom: "c"'), { x: [3, 2, 3], c: [3] })).toMatch(
    /clip needs a value for each of 3 steps of 2 streams; it is 3/,
  );
});

const filled = 'lstm_param { num_output: 2 weight_filler { type: "xavier" } }';
testContract("Lstm", { inputs: { a: [2, 3, 4] }, tops: ["h"], param: filled });

test("a saved state is of the sizes that ran last, also where their recording is used again", async () => {
  const net = await layerNet(layer("num_output: 2", 'bottom: "x" bottom: "clip"'), { x: [2, 3, 3], clip: [2, 3] });
  const states: unknown[] = [];
  for (const streams of [3, 1, 3]) {
    net.reshape({ x: [2, streams, 3], clip: [2, streams] });
    await net.forward({ x: wave(6 * streams, 0), clip: Array(2 * streams).fill(1) });
    states.push(net.layers.at(-1)?.saveState?.());
  }
  await net.layers.at(-1)?.restoreState?.(states[2]);
  await expect(async () => net.layers.at(-1)?.restoreState?.(states[1])).rejects.toThrow(/2 lists of 6 numbers/);
  await net.dispose();
});
