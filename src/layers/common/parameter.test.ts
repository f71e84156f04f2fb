import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { engines } from "../../../test/golden/engines.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "shape { dim: 2 dim: 2 }", more = "") =>
  `layer { name: "layer" type: "Parameter" top: "y" parameter_param { ${param} } ${more} }`;
const loss = 'layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "target" }';

test("puts out its parameter, which starts at 0", async () => {
  expect((await runLayer(layer(), {})).y).toEqual({ shape: [2, 2], data: [0, 0, 0, 0] });
  expect((await runLayer(layer(), {}, [[1, 2, 3, 4]])).y.data).toEqual([1, 2, 3, 4]);
});

test("starts with the values that stand in the net", async () => {
  const blobs = "blobs { shape { dim: 2 dim: 2 } data: 5 data: 6 data: 7 data: 8 }";
  expect((await runLayer(layer(undefined, blobs), {})).y.data).toEqual([5, 6, 7, 8]);
  expect(await buildError(layer(undefined, "blobs { shape { dim: 4 } }"), {})).toMatch(/it needs 2 2 \(4\)$/);
});

test("without a shape is a scalar", async () => {
  expect((await runLayer(layer(""), {}, [[3]])).y).toEqual({ shape: [], data: [3] });
});

test.each(Object.entries(engines))("learns, on %s", async (_, createEngine) => {
  const engine = await createEngine();
  const net = await layerNet(layer() + loss, { target: [2, 2] }, { engine });
  const param = net.params.get("layer")?.[0];
  for (let i = 0; i < 30; i++) {
    await net.forward({ target: [1, 2, 3, 4] });
    net.clearParamDiffs();
    await net.backward();
    param?.data.set(param.data.map((value, j) => value - param.diff[j]));
  }
  [1, 2, 3, 4].forEach((value, i) => void expect(param?.data[i]).toBeCloseTo(value, 5));
  await net.dispose();
  await engine.dispose();
});

test("gradient of the last backward, as in Caffe", async () => {
  const net = await layerNet(layer() + loss, { target: [2, 2] });
  for (let i = 0; i < 2; i++) {
    await net.forward({ target: [2, 2, 2, 2] });
    await net.backward();
    expect([...(net.params.get("layer")?.[0].diff ?? [])]).toEqual([-1, -1, -1, -1]);
  }
  await net.dispose();
});

test("gradient through a layer behind it", async () => {
  const sum =
    'layer { name: "sum" type: "Reduction" bottom: "y" top: "sum" loss_weight: 1 reduction_param { operation: SUMSQ } }';
  await checkGradients({ layer: layer() + sum, inputs: {} });
});

testContract("Parameter", { param: "parameter_param { shape { dim: 2 dim: 3 } }" });
