import { afterAll, beforeAll, expect, test } from "vitest";
import { netFromText } from "../../test/nets.js";
import type { Net } from "./net.js";

// y = 2·x and z = x + t, of two rows a batch; loss has no rows.
const text = `force_backward: true
layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: 2 dim: 3 } shape { dim: 2 dim: 3 } } }
layer { name: "twice" type: "Power" bottom: "x" top: "y" power_param { scale: 2 } }
layer { name: "sum" type: "Eltwise" bottom: "y" bottom: "t" top: "z" }`;
const withLoss = `${text}\nlayer { name: "loss" type: "EuclideanLoss" bottom: "z" bottom: "t" top: "loss" }`;

let net: Net;
beforeAll(async () => {
  net = await netFromText(text);
});
afterAll(() => net.dispose());

const rows = (count: number, from = 0) => Float32Array.from({ length: count * 3 }, (_, i) => from + i);

test.each([1, 2, 3, 5])("%i rows: the last batch is filled up, and what fills it is left out", async (count) => {
  const outputs = await net.forwardAll({ x: rows(count), t: rows(count, 100) }, { blobs: ["y"] });
  expect(Object.keys(outputs).sort()).toEqual(["y", "z"]);
  expect(outputs.y).toEqual({ shape: [count, 3], data: rows(count).map((x) => 2 * x) });
  expect(outputs.z).toEqual({ shape: [count, 3], data: rows(count).map((x) => 3 * x + 100) });
});

test("the rows of an array with a shape; of a list", async () => {
  const { z } = await net.forwardAll({ x: { data: rows(3) }, t: [0, 0, 0, 0, 0, 0, 1, 1, 1] });
  expect([...z.data]).toEqual([0, 2, 4, 6, 8, 10, 13, 15, 17]);
});

test("backward too, from the diffs that are given", async () => {
  const { blobs, diffs } = await net.forwardBackwardAll(
    { x: rows(3), t: rows(3), z: rows(3, 1) },
    { blobs: ["y"], diffs: ["y"] },
  );
  expect(blobs.y?.data).toEqual(rows(3).map((x) => 2 * x));
  expect(diffs.x).toEqual({ shape: [3, 3], data: rows(3, 1).map((dz) => 2 * dz) });
  expect(diffs.t?.data).toEqual(rows(3, 1));
  expect(diffs.y?.data).toEqual(rows(3, 1));
});

test("backward alone, with the values that the inputs have", async () => {
  await net.forward({ x: [1, 1, 1, 2, 2, 2], t: new Float32Array(6) });
  const { blobs, diffs } = await net.forwardBackwardAll({ z: rows(1, 5) });
  expect([...(blobs.z?.data ?? [])]).toEqual([2, 2, 2]);
  expect([...(diffs.x?.data ?? [])]).toEqual([10, 12, 14]);
});

test("what does not fit is refused", async () => {
  const refused = (code: string, message: RegExp) =>
    expect.objectContaining({ code, message: expect.stringMatching(message) });
  const all = (given: Record<string, ArrayLike<number>>, blobs?: string[]) => net.forwardAll(given, { blobs });
  await expect(all({ x: rows(2) })).rejects.toThrow(refused("MOKA_BLOB", /inputs t are missing/));
  await expect(all({ x: rows(2), t: rows(2), z: rows(2) })).rejects.toThrow(refused("MOKA_BLOB", /"z"/));
  await expect(all({ x: rows(2), t: rows(3) })).rejects.toThrow(refused("MOKA_SHAPE", /same number of rows.*2, 3/));
  await expect(all({ x: [1, 2], t: rows(1) })).rejects.toThrow(refused("MOKA_SHAPE", /2 values are no rows of 3/));
  await expect(all({ x: [], t: [] })).rejects.toThrow(refused("MOKA_SHAPE", /no rows/));
  await expect(all({ x: rows(1), t: rows(1) }, ["v"])).rejects.toThrow(refused("MOKA_BLOB", /no blob "v"/));
  const lossy = await netFromText(withLoss);
  await expect(lossy.forwardAll({ x: rows(2), t: rows(2) })).rejects.toThrow(
    refused("MOKA_SHAPE", /"loss" of shape \(\)/),
  );
  await lossy.dispose();
});

test("who makes and reads what, by layer", () => {
  expect([...net.topNames]).toEqual([
    ["in", ["x", "t"]],
    ["twice", ["y"]],
    ["sum", ["z"]],
  ]);
  expect(net.bottomNames.get("sum")).toEqual(["y", "t"]);
  expect(net.layerDict.get("twice")?.type).toBe("Power");
});
