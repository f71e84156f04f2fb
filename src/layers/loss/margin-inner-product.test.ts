// Numbers: numpy, double precision, the fork's loops written again from its formulas.
// No gradient: the fork's is not the derivative; its numbers are compared below.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param: string, tops = 'top: "y" top: "lambda"') =>
  `layer { name: "layer" type: "MarginInnerProduct" bottom: "x" bottom: "label" ${tops} margin_inner_product_param { ${param} } }`;
const wave = (count: number, start: number) => Array.from({ length: count }, (_, i) => Math.sin(i * 1.3 + start));
const label = [0, 1, 2, 1];

test.each([
  [
    "SINGLE",
    [
      [
        0.177711, 0.528428, -1.073028, -1.055391, 0.373701, 0.734191, 1.354574, -1.070991, 0.007083, -0.911267,
        1.181233, -0.744474,
      ],
      [
        0.599015, -0.044131, -0.622625, 0.117032, 0.63177, 0.220964, -0.76893, -0.873113, 0.301816, 0.99935, 0.635872,
        -0.65916,
      ],
      [-1.670732, 0.669693, 2.029016, -1.636958, -1.563279, 0.800608, 0.794963, -1.506043, -1.600693],
    ],
  ],
  [
    "DOUBLE",
    [
      [
        -0.16681, 0.528428, -1.073028, -1.055391, -0.036706, 0.734191, 1.354574, -1.070991, -0.381975, -0.911267,
        1.181079, -0.744474,
      ],
      [
        0.571078, -0.074613, -0.610996, 0.29271, 0.684781, 0.073646, -0.889477, -0.645695, 0.544032, 0.97952, 0.679878,
        -0.615787,
      ],
      [-1.670732, 0.669693, 2.029016, -1.636958, -1.563279, 0.800608, 0.794963, -1.506043, -1.600693],
    ],
  ],
  [
    "TRIPLE",
    [
      [
        -0.346895, 0.528428, -1.073028, -1.055391, -0.180997, 0.734191, 1.354574, -1.070991, -0.762981, -0.911267,
        1.180821, -0.744474,
      ],
      [
        0.583568, -0.065302, -0.618504, 0.28089, 0.684269, 0.085192, -0.845775, -0.836673, 0.398157, 0.976426, 0.686679,
        -0.609054,
      ],
      [-1.670732, 0.669693, 2.029016, -1.636958, -1.563279, 0.800608, 0.794963, -1.506043, -1.600693],
    ],
  ],
  [
    "QUADRUPLE",
    [
      [
        -0.739467, 0.528428, -1.073028, -1.055391, -0.602887, 0.734191, 1.354574, -1.070991, -1.156023, -0.911267,
        1.18046, -0.744474,
      ],
      [
        0.574603, -0.0725, -0.61339, 0.280213, 0.684225, 0.085846, -0.890099, -0.647555, 0.543659, 0.975417, 0.688894,
        -0.60686,
      ],
      [-1.670732, 0.669693, 2.029016, -1.636958, -1.563279, 0.800608, 0.794963, -1.506043, -1.600693],
    ],
  ],
] as const)("with type %s: tops, dx and dw of the second forward", async (type, [y, dx, dw]) => {
  const text = layer(`num_output: 3 type: ${type} base: 10 gamma: 0.5 power: 2 lambda_min: 0.1`);
  const net = await layerNet(text, { x: [4, 3], label: [4] }, { header: "force_backward: true" });
  const w = net.params.get("layer")?.[0];
  w?.data.set(wave(9, 2));
  await net.forward({ x: wave(12, 0.5), label });
  const tops = await net.forward({ x: wave(12, 0.5), label });
  expect([...(tops.lambda ?? [])]).toEqual([2.5]);
  net.blobs.get("y")?.diff.set(wave(12, 3));
  await net.backward();
  const near = (actual: Iterable<number> | undefined, expected: readonly number[]) =>
    expected.forEach((value, i) => void expect([...(actual ?? [])][i]).toBeCloseTo(value, 4));
  near(tops.y, y);
  near(net.blobs.get("x")?.diff, dx);
  near(w?.diff, dw);
  await net.dispose();
});

test("scales its weights to length 1, and keeps zeros", async () => {
  const text = layer("num_output: 2 type: QUADRUPLE", 'top: "y"');
  const net = await layerNet(text, { x: [1, 2], label: [1] });
  const w = net.params.get("layer")?.[0];
  w?.data.set([3, 4, 0, 0]);
  const { y } = await net.forward({ x: [0, 0], label: [0] });
  expect([...(y ?? [])]).toEqual([0, 0]);
  expect([...(w?.data ?? [])]).toEqual([Math.fround(0.6), Math.fround(0.8), 0, 0]);
  await net.dispose();
});

test("goes on counting from a saved state", async () => {
  const net = await layerNet(layer("num_output: 2 base: 8 gamma: 1 iteration: 2"), { x: [1, 2], label: [1] });
  const of = async () => [...((await net.forward({ x: [1, 2], label: [0] })).lambda ?? [])];
  expect(await of()).toEqual([2]);
  const saved = net.layers.at(-1)?.saveState?.();
  expect(saved).toBe(3);
  net.layers.at(-1)?.restoreState?.(7);
  expect(await of()).toEqual([Math.fround(8 / 9)]);
  expect(() => net.layers.at(-1)?.restoreState?.("7")).toThrow(/must be the number of forwards/);
  await net.dispose();
});

test("errors", async () => {
  expect(await buildError(layer(""), { x: [4, 3], label: [4] })).toMatch(/num_output must be given/);
  expect(await buildError(layer("num_output: 3"), { x: [4, 3], label: [3] })).toMatch(/4 vectors need one label each/);
  const wrong = { x: { shape: [1, 1], data: [1] }, label: { shape: [1], data: [3] } };
  await expect(runLayer(layer("num_output: 3"), wrong)).rejects.toThrow(/is not one of its 3 classes/);
});

testContract("MarginInnerProduct", {
  inputs: { a: [2, 3], label: [2] },
  param: 'margin_inner_product_param { num_output: 3 type: TRIPLE weight_filler { type: "xavier" } }',
});
