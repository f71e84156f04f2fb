// Numbers: by hand; those of the fork itself are in test/golden/forks/Reorg.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param: string) => `layer { name: "layer" type: "Reorg" bottom: "x" top: "y" reorg_param { ${param} } }`;
const counting = (...shape: number[]) => ({
  shape,
  data: Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i),
});

test("with reverse, four channels become a square", async () => {
  const { y } = await runLayer(layer("stride: 2 reverse: true"), { x: counting(1, 4, 1, 2) });
  expect(y).toEqual({ shape: [1, 1, 2, 4], data: [0, 2, 1, 3, 4, 6, 5, 7] });
});

test("without it, in darknet's order", async () => {
  const { y } = await runLayer(layer("stride: 2"), { x: counting(2, 4, 2, 2) });
  const image = [0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15];
  expect(y).toEqual({ shape: [2, 16, 1, 1], data: [...image, ...image.map((value) => value + 16)] });
});

test("a stride of 1 copies", async () => {
  const x = counting(2, 3, 2, 2);
  expect((await runLayer(layer("stride: 1"), { x })).y).toEqual(x);
});

describe("errors", () => {
  test("fields and shapes", async () => {
    expect(await buildError(layer(""), { x: [1, 4, 2, 2] })).toMatch(/stride must be given, and 1 or more$/);
    expect(await buildError(layer("stride: 2"), { x: [1, 6, 2, 2] })).toMatch(/C divisible by 4, H and W by 2; it is/);
    expect(await buildError(layer("stride: 2"), { x: [1, 4, 3, 2] })).toMatch(/H and W by 2/);
    expect(await buildError(layer("stride: 2 reverse: true"), { x: [4, 2, 2] })).toMatch(/C divisible by 4; it is/);
  });
});

test.each(["stride: 2", "stride: 2 reverse: true"])("gradient with %s", async (param) => {
  await checkGradients({ layer: layer(param), inputs: { x: [2, 8, 2, 4] } });
});

testContract("Reorg", { inputs: { a: [2, 4, 2, 4] }, param: "reorg_param { stride: 2 }" });
testContract("Reorg with reverse", { inputs: { a: [2, 4, 2, 3] }, param: "reorg_param { stride: 2 reverse: true }" });
