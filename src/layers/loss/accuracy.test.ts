// No gradient: it counts; labels and scores get none.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", tops = ["y"]) =>
  `layer { name: "layer" type: "Accuracy" bottom: "x" bottom: "label" ${tops.map((top) => `top: "${top}"`).join(" ")} ` +
  `accuracy_param { ${param} } }`;

/** Four predictions for three classes; the best classes are 0, 1, 2 and 0. */
const x = { shape: [4, 3], data: [9, 5, 1, 5, 9, 1, 1, 5, 9, 9, 5, 1] };
const label = { shape: [4], data: [0, 0, 2, 2] };

test("is the share of labels that have the highest score", async () => {
  const { y } = await runLayer(layer(), { x, label });
  expect(y).toEqual({ shape: [], data: [0.5] });
});

test("with top_k counts those among the k highest", async () => {
  expect((await runLayer(layer("top_k: 2"), { x, label })).y.data).toEqual([0.75]);
  expect((await runLayer(layer("top_k: 3"), { x, label })).y.data).toEqual([1]);
});

test("counts an equal score as higher", async () => {
  const same = { shape: [2, 2], data: [1, 1, 1, 1] };
  const labels = { shape: [2], data: [0, 1] };
  expect((await runLayer(layer(), { x: same, label: labels })).y.data).toEqual([0]);
  expect((await runLayer(layer("top_k: 2"), { x: same, label: labels })).y.data).toEqual([1]);
});

test("gives the share for each class as a second top, 0 for a class without labels", async () => {
  const { y, each } = await runLayer(layer("", ["y", "each"]), { x, label });
  expect(y.data).toEqual([0.5]);
  expect(each).toEqual({ shape: [3], data: [0.5, 0, 0.5] });
});

test("does not count ignored labels; without any other it is 0", async () => {
  expect((await runLayer(layer("ignore_label: 2"), { x, label })).y.data).toEqual([0.5]);
  expect((await runLayer(layer("ignore_label: 0"), { x, label })).y.data).toEqual([0.5]);
  const ignored = { shape: [4], data: [-1, -1, -1, -1] };
  expect((await runLayer(layer("ignore_label: -1"), { x, label: ignored })).y.data).toEqual([0]);
});

test.each([
  ["", [1, 2, 2], [1, 2]],
  ["axis: 1", [1, 2, 2], [1, 1, 2]],
  ["axis: 0", [2, 2], [2]],
  ["axis: -1", [2, 2], [2, 1]],
] as const)("with %j takes scores of shape %j and labels of shape %j", async (param, shape, labels) => {
  const scores = [0, 9, 9, 0]; // class 1, then class 0
  const inputs = { x: { shape, data: scores }, label: { shape: labels, data: [1, 1] } };
  expect((await runLayer(layer(param), inputs)).y.data).toEqual([0.5]);
});

describe("errors", () => {
  test("a label out of range", async () => {
    const net = await layerNet(layer(), { x: [2, 3], label: [2] });
    for (const [bad, shown] of [
      [3, "3"],
      [-1, "-1"],
      [Number.NaN, "NaN"],
    ] as const) {
      await expect(net.forward({ label: [0, bad] })).rejects.toThrow(
        `<text>:4:1: layer "layer" (Accuracy): label ${shown} (number 1 of "label") is not one of its 3 classes, 0 to 2`,
      );
    }
    await expect(net.forward({ label: [0, 3] })).rejects.toMatchObject({ code: "MOKA_LABEL" });
    await net.dispose();
  });

  test("labels that do not fit the scores", async () => {
    expect(await buildError(layer(), { x: [2, 3, 4], label: [2] })).toBe(
      '<text>:4:1: layer "layer" (Accuracy): scores 2 3 4 (24) with classes on accuracy_param.axis 1 need 8 labels; ' +
        "there are 2 (2)",
    );
    expect(await buildError(layer("axis: 2"), { x: [2, 3], label: [2] })).toMatch(/accuracy_param.axis 2 is out of/);
  });

  test("a top_k beyond the classes", async () => {
    expect(await buildError(layer("top_k: 4"), { x: [2, 3], label: [2] })).toMatch(
      /accuracy_param.top_k 4 is more than the 3 classes there are$/,
    );
  });
});

testContract("Accuracy", { inputs: { x: [2, 3], label: [2] }, tops: ["y", "perClass"] });
