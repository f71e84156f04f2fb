import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", bottoms = ["a", "b"]) =>
  `layer { name: "layer" type: "Eltwise" ${bottoms.map((name) => `bottom: "${name}"`).join(" ")} top: "y" ` +
  `eltwise_param { ${param} } }`;
const three = ["a", "b", "c"];

const a = { shape: [1, 3], data: [1, -2, 3] };
const b = { shape: [1, 3], data: [4, 5, -6] };
const c = { shape: [1, 3], data: [2, 6, 0.5] };

test.each([
  ["", [7, 9, -2.5]],
  ["operation: SUM coeff: 1 coeff: -1 coeff: 2", [1, 5, 10]],
  ["operation: PROD", [8, -60, -9]],
  ["operation: MAX", [4, 6, 3]],
])("combines three blobs with %j", async (param, data) => {
  expect((await runLayer(layer(param, three), { a, b, c })).y).toEqual({ shape: [1, 3], data });
});

test("takes one blob twice, and gives it both gradients", async () => {
  const net = await layerNet(layer("operation: PROD", ["a", "a"]), { a: [3] }, { header: "force_backward: true" });
  const { y } = await net.forward({ a: [1, 2, 3] });
  expect([...y]).toEqual([1, 4, 9]);
  net.blobs.get("y")?.diff.fill(1);
  await net.backward();
  expect([...(net.blobs.get("a")?.diff ?? [])]).toEqual([2, 4, 6]);
  await net.dispose();
});

/** The bottoms' diffs for a top diff of ones. */
async function gradients(param: string, values: Readonly<Record<string, readonly number[]>>): Promise<number[][]> {
  const names = Object.keys(values);
  const shapes = Object.fromEntries(names.map((name) => [name, [values[name].length]]));
  const net = await layerNet(layer(param, names), shapes, { header: "force_backward: true" });
  await net.forward(values);
  net.blobs.get("y")?.diff.fill(1);
  await net.backward();
  const diffs = names.map((name) => [...(net.blobs.get(name)?.diff ?? [])]);
  await net.dispose();
  return diffs;
}

test("of equal values MAX gives the gradient to the second of the first two, else to the earlier one", async () => {
  expect(await gradients("operation: MAX", { a: [1, 1, 2], b: [1, 0, 3], c: [1, 1, 3] })).toEqual([
    [0, 1, 0],
    [1, 0, 1],
    [0, 0, 0],
  ]);
});

test("PROD has a gradient at 0, unless stable_prod_grad is false", async () => {
  const values = { a: [0, 2], b: [3, 5] };
  expect(await gradients("operation: PROD", values)).toEqual([
    [3, 5],
    [0, 2],
  ]);
  expect(await gradients("operation: PROD stable_prod_grad: false", values)).toEqual([
    [Number.NaN, 5],
    [0, 2],
  ]);
});

test("says what does not fit", async () => {
  const shapes = { a: [2, 3], b: [2, 3] };
  expect(await buildError(layer(), { a: [2, 3], b: [2, 3, 1] })).toBe(
    '<text>:4:1: layer "layer" (Eltwise): all bottoms must have one shape; there are 2 3 (6), 2 3 1 (6)',
  );
  expect(await buildError(layer("coeff: 1"), shapes)).toMatch(
    /has 1 eltwise_param.coeff for 2 bottoms; give none, or one for each$/,
  );
  expect(await buildError(layer("operation: PROD coeff: 1 coeff: 2"), shapes)).toMatch(
    /eltwise_param.coeff is for operation SUM, not PROD$/,
  );
});

describe("gradient", () => {
  const shape = [2, 3];
  test.each([
    ["SUM", "", ["a", "b"]],
    ["SUM with coefficients", "coeff: 2 coeff: -3 coeff: 0", three],
    ["PROD", "operation: PROD", ["a", "b"]],
    ["PROD of three", "operation: PROD", three],
    ["PROD of three, not the stable one", "operation: PROD stable_prod_grad: false", three],
    ["MAX", "operation: MAX", ["a", "b"]],
    ["MAX of three", "operation: MAX", three],
  ])("%s", async (_, param, bottoms) => {
    const inputs = Object.fromEntries(bottoms.map((name) => [name, shape]));
    await checkGradients({ layer: layer(param, bottoms), inputs });
  });
});

testContract("Eltwise", { inputs: { a: imageShape, b: imageShape, c: imageShape } });
testContract("Eltwise PROD", {
  inputs: { a: imageShape, b: imageShape, c: imageShape },
  param: "eltwise_param { operation: PROD }",
});
testContract("Eltwise MAX", {
  inputs: { a: imageShape, b: imageShape, c: imageShape },
  param: "eltwise_param { operation: MAX }",
});
