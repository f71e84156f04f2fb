// Numbers: by hand.
// No gradient: the fork's is not the derivative; its rule is tested by an example.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, layerNet } from "../../../test/layers.js";

const python = 'python_param { module: "python.NormlizedMSE" layer: "NormlizedMSE" }';
const layer = (param = "") =>
  `layer { name: "layer" type: "Python" bottom: "a" bottom: "b" top: "loss" ${python} ${param} }`;

test("divides by the distance of the eyes; its gradients are the fork's", async () => {
  const net = await layerNet(layer("loss_weight: 2"), { a: [2, 5], b: [2, 5] }, { header: "force_backward: true" });
  // Eyes 5 and 1 apart.
  const b = [0, 0, 3, 4, 1, 2, 2, 2, 1, 0];
  const a = [5, 0, 3, 4, 1, 2, 2, 2, 1, 3];
  const { loss } = await net.forward({ a, b });
  expect(loss[0]).toBeCloseTo((1 + 9) / 4, 5);
  expect(net.loss).toBeCloseTo(5, 4);
  await net.backward();
  const wanted = [1, 0, 0, 0, 0, 0, 0, 0, 0, 3];
  [...(net.blobs.get("a")?.diff ?? [])].forEach((value, i) => void expect(value).toBeCloseTo(wanted[i] ?? 0, 4));
  [...(net.blobs.get("b")?.diff ?? [])].forEach((value, i) => void expect(value).toBeCloseTo(-(wanted[i] ?? 0), 4));
  await net.dispose();
});

test("a batch without faces is 0, and has no weight unless one is given", async () => {
  const net = await layerNet(layer(), { a: [0, 4], b: [0, 4] });
  expect([...(await net.forward({ a: [], b: [] })).loss]).toEqual([0]);
  expect(net.loss).toBe(0);
  await net.dispose();
});

test.each([
  [
    [2, 3],
    [2, 3],
  ],
  [
    [2, 4],
    [2, 5],
  ],
  [
    [2, 4, 1],
    [2, 4],
  ],
])("shapes %j and %j are an error", async (a, b) => {
  expect(await buildError(layer(), { a, b })).toMatch(/must be \(N, K\), K at least 4/);
});

testContract("python.NormlizedMSE.NormlizedMSE", { inputs: { a: [2, 6], b: [2, 6] }, param: python });
