// Numbers: worked out by hand, by the rules of the fork's code.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (axis: number, tops: readonly string[]) =>
  `layer { name: "layer" type: "Unstack" bottom: "x" ${tops.map((top) => `top: "${top}"`).join(" ")} unstack_param { axis: ${axis} } }`;
const x = { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };

test("takes apart along an axis", async () => {
  const { a, b } = await runLayer(layer(0, ["a", "b"]), { x });
  expect([a, b]).toEqual([
    { shape: [3], data: [1, 2, 3] },
    { shape: [3], data: [4, 5, 6] },
  ]);
  const { c } = await runLayer(layer(-1, ["a", "b", "c"]), { x });
  expect(c).toEqual({ shape: [2], data: [3, 6] });
});

test("errors", async () => {
  expect(await buildError(layer(0, ["a", "b", "c"]), { x: [2, 3] })).toMatch(/has 3 tops, more than axis 0 .* 2 3/);
  expect(await buildError(layer(2, ["a"]), { x: [2, 3] })).toMatch(/unstack_param.axis/);
});

test.each([[["a", "b", "c"]], [["a", "b"]]])("gradient of %j", async (tops) => {
  await checkGradients({ layer: layer(1, tops), inputs: { x: [2, 3, 2] } });
});

testContract("Unstack", { inputs: { x: [3, 2, 2] }, tops: ["y", "z"], param: "unstack_param { axis: 1 }" });
