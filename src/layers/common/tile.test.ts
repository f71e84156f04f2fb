import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { engines } from "../../../test/golden/engines.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param: string) => `layer { name: "layer" type: "Tile" bottom: "x" top: "y" tile_param { ${param} } }`;

const x = { shape: [2, 1, 2], data: [1, 2, 3, 4] };

test.each([
  ["tiles: 1", [2, 1, 2], [1, 2, 3, 4]],
  ["tiles: 3", [2, 3, 2], [1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4]],
  ["tiles: 2 axis: 0", [4, 1, 2], [1, 2, 3, 4, 1, 2, 3, 4]],
  ["tiles: 2 axis: -1", [2, 1, 4], [1, 2, 1, 2, 3, 4, 3, 4]],
] as const)("with %j gives shape %j and %j", async (param, shape, data) => {
  expect((await runLayer(layer(param), { x })).y).toEqual({ shape, data });
});

test.each(Object.entries(engines))("repeats more often than there are rows, and adds up, on %s", async (_, create) => {
  const engine = await create();
  const net = await layerNet(layer("tiles: 1000"), { x: x.shape }, { engine, header: "force_backward: true" });
  const { y } = await net.forward({ x: x.data });
  expect([...y]).toEqual(
    [1, 2, 3, 4].flatMap((_, i) =>
      i % 2
        ? []
        : Array(1000)
            .fill([i + 1, i + 2])
            .flat(),
    ),
  );
  net.blobs.get("y")?.diff.set(y.map((_, i) => i % 7));
  await net.backward();
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < y.length; i++) sums[2 * Math.floor(i / 2000) + (i % 2)] += i % 7;
  expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual(sums);
  await net.dispose();
  await engine.dispose();
});

describe("errors", () => {
  test("no tiles, or none to repeat", async () => {
    expect(await buildError(layer(""), { x: x.shape })).toBe(
      '<text>:3:1: layer "layer" (Tile): tile_param.tiles must be given',
    );
    expect(await buildError(layer("tiles: 0"), { x: x.shape })).toMatch(/tile_param.tiles must be 1 or more, not 0$/);
    expect(await buildError(layer("tiles: -3"), { x: x.shape })).toMatch(/, not -3$/);
  });

  test("an axis there is not, or more than a blob can hold", async () => {
    expect(await buildError(layer("tiles: 2 axis: 3"), { x: x.shape })).toMatch(/tile_param.axis 3 is out of range/);
    expect(await buildError(layer("tiles: 2147483647"), { x: x.shape })).toMatch(/more than 2\^31 - 1 values/);
  });
});

describe("gradient", () => {
  test.each(["tiles: 1", "tiles: 3", "tiles: 2 axis: 0", "tiles: 5 axis: -1", "tiles: 7 axis: 1"])(
    "with %j",
    async (param) => {
      await checkGradients({ layer: layer(param), inputs: { x: [2, 3, 2] } });
    },
  );
});

testContract("Tile", { inputs: { x: imageShape }, param: "tile_param { tiles: 2 }" });
testContract("Tile of a whole batch", { inputs: { x: imageShape }, param: "tile_param { axis: 0 tiles: 3 }" });
