import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { engines } from "../../../test/golden/engines.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "") =>
  `layer { name: "layer" type: "Crop" bottom: "x" bottom: "size" top: "y" crop_param { ${param} } }`;

const force = { header: "force_backward: true" };

/** Values that say where they stand: 100·channel + 10·row + column. */
const x = {
  shape: [1, 2, 3, 4],
  data: [0, 1].flatMap((c) => [0, 1, 2].flatMap((h) => [0, 1, 2, 3].map((w) => 100 * c + 10 * h + w))),
};
const size = (shape: readonly number[]) => ({ shape, data: Array<number>(shape.reduce((a, b) => a * b)).fill(-1) });

test.each([
  ["", [1, 9, 2, 3], [1, 2, 2, 3], [0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112]],
  ["offset: 1", [1, 9, 2, 3], [1, 2, 2, 3], [11, 12, 13, 21, 22, 23, 111, 112, 113, 121, 122, 123]],
  ["offset: 2 offset: 0", [1, 9, 1, 2], [1, 2, 1, 2], [20, 21, 120, 121]],
  ["axis: 1 offset: 1 offset: 0 offset: 3", [1, 1, 3, 1], [1, 1, 3, 1], [103, 113, 123]],
  ["axis: -1 offset: 2", [5, 5, 5, 2], [1, 2, 3, 2], [2, 3, 12, 13, 22, 23, 102, 103, 112, 113, 122, 123]],
  ["axis: 0", [1, 1, 1, 1], [1, 1, 1, 1], [0]],
  ["axis: 3 offset: 0", [9, 9, 9, 4], [1, 2, 3, 4], x.data],
] as const)("with %j cuts to %j: %j", async (param, reference, shape, data) => {
  expect((await runLayer(layer(param), { x, size: size(reference) })).y).toEqual({ shape, data });
});

test.each(Object.entries(engines))(
  "on %s puts the gradient where the values came from, 0 elsewhere",
  async (_, create) => {
    const engine = await create();
    const text = layer("axis: 1 offset: 1 offset: 0 offset: 2");
    const net = await layerNet(text, { x: x.shape, size: [1, 1, 2, 2] }, { engine, ...force });
    for (let i = 0; i < 2; i++) {
      const { y } = await net.forward({ x: x.data });
      expect([...y]).toEqual([102, 103, 112, 113]);
      for (const name of ["x", "size"]) net.blobs.get(name)?.diff.fill(7);
      net.blobs.get("y")?.diff.set(y);
      await net.backward();
      const cut = x.data.map((value) => ([...y].includes(value) ? value : 0));
      expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual(cut);
      expect([...(net.blobs.get("size")?.diff ?? [])]).toEqual([0, 0, 0, 0]);
    }
    await net.dispose();
    await engine.dispose();
  },
);

test.each(Object.entries(engines))("on %s takes empty blobs, and cuts to nothing", async (_, create) => {
  const engine = await create();
  const net = await layerNet(layer("offset: 1"), { x: [0, 2, 3, 4], size: [0, 2, 2, 2] }, { engine, ...force });
  for (const batch of [0, 1]) {
    net.reshape({ x: [batch, 2, 3, 4], size: [batch, 2, 0, 2] });
    expect((await net.forward()).y.length).toBe(0);
    net.blobs.get("x")?.diff.fill(7);
    await net.backward();
    expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual(Array(24 * batch).fill(0));
  }
  await net.dispose();
  await engine.dispose();
});

describe("errors", () => {
  test("a cut that reaches beyond the blob", async () => {
    expect(await buildError(layer("offset: 2"), { x: x.shape, size: [1, 2, 1, 3] })).toBe(
      '<text>:4:1: layer "layer" (Crop): cannot cut 3 from offset 2 on out of axis 3 of 1 2 3 4 (24); ' +
        "the reference is 1 2 1 3 (6)",
    );
    expect(await buildError(layer("offset: 4294967295"), { x: x.shape, size: [1, 2, 1, 1] })).toMatch(
      /cannot cut 1 from offset 4294967295 on/,
    );
  });

  test("offsets or axes that do not fit", async () => {
    expect(await buildError(layer("offset: 1 offset: 1 offset: 1"), { x: x.shape, size: x.shape })).toMatch(
      /has 3 crop_param.offset for the 2 axes from 2 on of 1 2 3 4 \(24\); give none, one, or one each$/,
    );
    expect(await buildError(layer(), { x: x.shape, size: [1, 2, 3] })).toMatch(
      /the reference must have the 4 axes of the first bottom 1 2 3 4 \(24\); it is 1 2 3 \(6\)$/,
    );
    expect(await buildError(layer("axis: 4"), { x: x.shape, size: x.shape })).toMatch(/crop_param.axis 4 is out of/);
  });
});

describe("gradient", () => {
  test.each([
    ["offset: 1", [2, 3, 2, 2]],
    ["axis: 1 offset: 1 offset: 0 offset: 2", [2, 2, 3, 1]],
    ["axis: 0 offset: 1 offset: 1 offset: 1 offset: 1", [1, 2, 2, 3]],
    ["axis: 3", [2, 3, 3, 4]],
  ] as const)("with %j, to %j", async (param, reference) => {
    const inputs = { x: [2, 3, 3, 4], size: reference };
    await checkGradients({ layer: layer(param), inputs });
  });
});

testContract("Crop", { inputs: { x: imageShape, reference: [2, 3, 2, 3] }, param: "crop_param { offset: 1 }" });
