// No gradient: it has no bottoms and no parameters.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { netFromText } from "../../../test/nets.js";

const layer = (param: string, tops = ["a", "b"]) =>
  `layer { name: "layer" type: "DummyData" ${tops.map((top) => `top: "${top}"`).join(" ")} dummy_data_param { ${param} } }`;

const uniform = 'data_filler { type: "uniform" min: 0 max: 1 }';

test.each([
  ["one shape for all", "shape { dim: 2 dim: 3 }", [2, 3], [2, 3]],
  ["one each", "shape { dim: 2 dim: 3 } shape { dim: 4 }", [2, 3], [4]],
  ["the old form", "num: 1 channels: 2 height: 3 width: 4", [1, 2, 3, 4], [1, 2, 3, 4]],
  ["the old form, partly one each", "num: 1 num: 5 channels: 2 height: 3 width: 4", [1, 2, 3, 4], [5, 2, 3, 4]],
])("takes %s", async (_, shapes, a, b) => {
  const net = await netFromText(layer(shapes));
  expect([net.blobs.get("a")?.shape, net.blobs.get("b")?.shape]).toEqual([a, b]);
  await net.dispose();
});

test.each([
  ["0 without a filler", "", [0, 0], [0, 0]],
  ["one filler for all", "data_filler { value: 3 }", [3, 3], [3, 3]],
  ["one each", "data_filler { value: 3 } data_filler { value: 4 }", [3, 3], [4, 4]],
])("fills its tops: %s", async (_, fillers, a, b) => {
  const net = await netFromText(layer(`shape { dim: 2 } ${fillers}`));
  expect(await net.forward()).toEqual({ a: Float32Array.from(a), b: Float32Array.from(b) });
  await net.dispose();
});

test("fills constants once: what is written over them stays, even after a reshape", async () => {
  const net = await netFromText(layer("shape { dim: 2 } data_filler { value: 3 }", ["x"]));
  await net.forward();
  net.blobs.get("x")?.data.set([7, 8]);
  expect(await net.forward()).toEqual({ x: Float32Array.of(7, 8) });
  net.reshape();
  expect(await net.forward()).toEqual({ x: Float32Array.of(7, 8) });
  await net.dispose();
});

test("fills all others anew at each forward, from the seed of the run", async () => {
  const values = async (seed: number) => {
    const net = await netFromText(layer(`shape { dim: 3 } ${uniform} data_filler { value: 1 }`), { seed });
    const tops = [await net.forward(), await net.forward()];
    await net.dispose();
    return tops;
  };
  const [first, second] = await values(1);
  expect(second.a).not.toEqual(first.a);
  expect(second.b).toEqual(first.b);
  expect(await values(1)).toEqual([first, second]);
  expect((await values(2))[0].a).not.toEqual(first.a);
});

describe("errors", () => {
  const fails = (param: string, tops?: string[]) => expect(netFromText(layer(param, tops))).rejects;

  test("a shape that is missing, or given too often", async () => {
    await fails("").toThrow(
      '<text>:1:1: layer "layer" (DummyData): has 0 dummy_data_param.shape for 2 tops; give one, or one for each',
    );
    await fails("shape {} shape {} shape {}").toThrow(/has 3 dummy_data_param.shape for 2 tops/);
    await fails("num: 1 channels: 1 height: 1", ["x"]).toThrow(/has 0 dummy_data_param.width for 1 top; give one/);
    await fails("num: 1 channels: 1 height: 1 width: 1 shape {}").toThrow(
      /dummy_data_param takes shape, or num, channels, height and width, not both$/,
    );
  });

  test("fillers that do not fit the tops", async () => {
    await fails(`shape {} ${uniform} ${uniform} ${uniform}`).toThrow(
      /has 3 dummy_data_param.data_filler for 2 tops; give none, one, or one for each$/,
    );
  });

  test("a filler that does not exist", async () => {
    await expect(netFromText(layer('shape {} data_filler { type: "normal" }', ["x"]))).rejects.toThrow(/normal/);
  });
});

testContract("DummyData", {
  tops: ["a", "b"],
  param: 'dummy_data_param { shape { dim: 2 dim: 3 } data_filler { value: 1 } data_filler { type: "uniform" } }',
  changes: ["TRAIN", "TEST"],
});
