// Numbers: by hand.
import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { runLayer } from "../../../test/layers.js";

const param = 'bn_param { slope_filler { type: "constant" value: 1 } }';

test("computes what PSPNet's BN does", async () => {
  const layer = `layer { name: "layer" type: "SyncBN" bottom: "x" top: "y" ${param.replace("}", "} eps: 0")} }`;
  const x = { shape: [2, 1], data: [1, 5] };
  expect((await runLayer(layer, { x }, [[2], [1], [0], [0]])).y.data).toEqual([-1, 3]);
  expect((await runLayer(layer, { x }, [[2], [1], [3], [4]], "TEST")).y.data).toEqual([-1, 3]);
});

test("its gradient is that of differences", async () => {
  const layer = `layer { name: "layer" type: "SyncBN" bottom: "x" top: "y" ${param} }`;
  await checkGradients({ layer, inputs: { x: [4, 3, 2, 2] }, check: ["x", "0", "1"] });
});

testContract("SyncBN", { inputs: { x: imageShape }, param, fixed: [2, 3] });
