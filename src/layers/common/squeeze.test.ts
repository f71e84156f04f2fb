// Numbers: worked out by hand, by the rules of the fork's code.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param = "") => `layer { name: "layer" type: "Squeeze" bottom: "x" top: "y" squeeze_param { ${param} } }`;
const x = { shape: [1, 2, 1, 1], data: [3, 4] };

test("takes out the given axes, or all of size 1", async () => {
  expect((await runLayer(layer("axis: 2 axis: -1"), { x })).y).toEqual({ shape: [1, 2], data: [3, 4] });
  expect((await runLayer(layer(), { x })).y).toEqual({ shape: [2], data: [3, 4] });
  expect((await runLayer(layer(), { x: { shape: [1, 1], data: [3] } })).y).toEqual({ shape: [], data: [3] });
});

test("errors", async () => {
  expect(await buildError(layer("axis: 1"), { x: [1, 2, 1, 1] })).toMatch(
    /axis 1 must be an axis of size 1; .* 1 2 1 1/,
  );
  expect(await buildError(layer("axis: 4"), { x: [1, 2, 1, 1] })).toMatch(/squeeze_param.axis/);
});

test("gradient", async () => {
  await checkGradients({ layer: layer("axis: 1"), inputs: { x: [2, 1, 3] } });
});

testContract("Squeeze", { inputs: { x: [2, 3, 1, 1] }, param: "squeeze_param { axis: 2 axis: 3 }" });
