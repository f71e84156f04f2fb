import { afterAll, beforeAll, expect, test } from "vitest";
import { Net, timeLayers } from "../index.js";

const text = `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 8 } } }
  layer { name: "t" type: "Input" top: "t" input_param { shape { dim: 2 } } }
  layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 300 weight_filler { type: "xavier" } } }
  layer { name: "big" type: "InnerProduct" bottom: "y" top: "z" inner_product_param { num_output: 1500 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "z" bottom: "t" top: "loss" }`;

let net: Net;
beforeAll(async () => {
  net = await Net.load(text, { phase: "TRAIN", engine: "reference" });
  await net.forward();
  await net.backward();
});
afterAll(() => net.dispose());

test("each layer has its time, forward and backward; one with more to do takes longer", async () => {
  const rounds: number[] = [];
  const progress: number[] = [];
  const start = performance.now();
  const times = await timeLayers(net, {
    iterations: 3,
    onIteration: (round) => void rounds.push(round),
    onProgress: ({ done }) => void progress.push(done),
  });
  const all = performance.now() - start;
  expect(times.map(({ name, type }) => `${name} ${type}`)).toEqual(net.layers.map((l) => `${l.name} ${l.type}`));
  const [, , fc, big] = times;
  expect(big?.forwardMs).toBeGreaterThan(fc?.forwardMs ?? Number.NaN);
  expect(big?.backwardMs).toBeGreaterThan(fc?.backwardMs ?? Number.NaN);
  const sum = times.reduce((ms, { forwardMs, backwardMs = 0 }) => ms + forwardMs + backwardMs, 0);
  expect(3 * sum).toBeLessThanOrEqual(all);
  expect(rounds).toEqual([1, 2, 3]);
  expect(progress).toEqual([0, 1, 2, 3]);
});

test("without backward there are no times of it; a wrong number of iterations is said; work can be ended", async () => {
  const [first] = await timeLayers(net, { iterations: 1, backward: false });
  expect(first).not.toHaveProperty("backwardMs");
  await expect(timeLayers(net, { iterations: 0 })).rejects.toThrow("iterations must be a whole number above 0, not 0");
  await expect(timeLayers(net, { signal: AbortSignal.abort() })).rejects.toThrow("aborted");
});
