// Its numbers are tested with those of CTCLoss.
import { test } from "vitest";
import { checkGradients } from "../../../test/gradients.js";

test("gradient of one sequence, which needs no scale", async () => {
  const layer = 'layer { name: "layer" type: "WarpCTCLoss" bottom: "x" bottom: "y" top: "loss" }';
  await checkGradients({ layer, inputs: { x: [5, 1, 4], y: [1, 3] }, values: { y: [3, 1, 1] }, check: ["x"] });
});

// The contract of all layers is not tested: its examples change the first axis of all bottoms alike, which here is T of one and N of others.
