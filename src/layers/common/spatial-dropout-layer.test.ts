// Numbers: by hand.
import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const python = (text: string) =>
  `python_param { module: "spatial_dropout" layer: "SpatialDropoutLayer" param_str: "${text}" }`;
const layer = (text: string) => `layer { name: "layer" type: "Python" bottom: "x" top: "y" ${python(text)} }`;
const half = "{'phase': 'TRAIN', 'p': '0.5'}";

test("drops whole channels, of each item on its own, and doubles the others", async () => {
  const shape = [50, 20, 2, 2];
  const { y } = await runLayer(layer(half), { x: { shape, data: Array(4000).fill(3) } });
  const channels = Array.from({ length: 1000 }, (_, i) => y.data.slice(4 * i, 4 * i + 4));
  for (const values of channels) expect([0, 6].map((value) => Array(4).fill(value))).toContainEqual(values);
  const kept = channels.filter(([first]) => first !== 0).length;
  expect(kept).toBeGreaterThan(430);
  expect(kept).toBeLessThan(570);
  expect(y.data.slice(0, 80)).not.toEqual(y.data.slice(80, 160));
});

test("in phase TEST of param_str multiplies all, whatever the net's phase", async () => {
  const x = { shape: [1, 2], data: [3, -6] };
  expect((await runLayer(layer("{'phase': 'TEST', 'p': 0.25}"), { x }, [], "TRAIN")).y.data).toEqual([4, -8]);
});

test.each([
  ["", /must give phase, "TRAIN" or "TEST", not null$/],
  ["{'phase': 'TRAIN'}", /must give p, above 0 and below 1, not null$/],
  ["{'phase': 'TRAIN', 'p': '1'}", /must give p, above 0 and below 1, not (1|"1")$/],
  ["{'phase': 'TRAIN', 'p': 'x'}", /not "x"$/],
  ["{'phase'", /param_str/],
])("param_str %j is an error", async (text, message) => {
  expect(await buildError(layer(text), { x: [1, 2] })).toMatch(message);
});

test("a bottom without channels is an error", async () => {
  expect(await buildError(layer(half), { x: [3] })).toMatch(/needs \(N, C, …\); it is 3/);
});

test.each([half, "{'phase': 'TEST', 'p': 0.5}"])("gradient of %j", async (text) => {
  await checkGradients({ layer: layer(text), inputs: { x: [2, 5, 2] } });
});

testContract("spatial_dropout.SpatialDropoutLayer", {
  inputs: { a: imageShape },
  param: python(half),
  changes: ["TRAIN", "TEST"],
});
