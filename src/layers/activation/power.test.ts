import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y") =>
  `layer { name: "layer" type: "Power" bottom: "x" top: "${top}" power_param { ${param} } }`;

test.each([
  ["", [4, 0, 1]],
  ["scale: 3 shift: -1", [11, -1, 2]],
  ["power: 2 shift: 1", [25, 1, 4]],
  ["power: 0.5", [2, 0, 1]],
  ["power: 3 scale: -1", [-64, 0, -1]],
  ["power: -1 shift: 1", [0.2, 1, 0.5]],
])("with %j is (shift + scale·x)^power", async (param, expected) => {
  const { y } = await runLayer(layer(param), { x: { shape: [3], data: [4, 0, 1] } });
  expect(y.shape).toEqual([3]);
  expected.forEach((value, i) => void expect(y.data[i]).toBeCloseTo(value, 5));
});

test.each([
  ["power: 0 scale: 2 shift: 3", 1],
  ["power: 3 scale: 0 shift: 2", 8],
  ["power: 0 scale: 0", 1],
])("with %j is a constant, whatever the bottom holds", async (param, value) => {
  const net = await layerNet(layer(param), { x: [3] }, { header: "force_backward: true" });
  await net.forward({ x: [Number.NaN, Infinity, -1] });
  expect([...(net.blobs.get("y")?.data ?? [])]).toEqual([value, value, value]);
  net.blobs.get("y")?.diff.fill(1);
  await net.backward();
  expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual([0, 0, 0]);
  await net.dispose();
});

describe("gradient", () => {
  test.each(["", "scale: 3 shift: -1", "power: 2 scale: 0.5", "power: 3", "power: -0.75 scale: 0.5 shift: 2"])(
    "with %j",
    async (param) => {
      await checkGradients({ layer: layer(param), inputs: { x: [2, 3, 4] } });
      await checkGradients({ layer: layer(param, "x"), inputs: { x: [2, 3, 4] } });
    },
  );
});

testContract("Power", { inputs: { x: imageShape }, param: "power_param { power: 2 scale: 0.5 shift: 1 }" });
testContract("Power of a constant", { inputs: { x: imageShape }, param: "power_param { power: 0 }" });
