// Numbers: those of CTCLoss, whose test sums over all paths.
// Its numbers are tested with those of CTCLoss.
import { test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";

test("gradient of one sequence, which needs no scale", async () => {
  const layer = 'layer { name: "layer" type: "WarpCTCLoss" bottom: "x" bottom: "y" top: "loss" }';
  await checkGradients({ layer, inputs: { x: [5, 1, 4], y: [1, 3] }, values: { y: [3, 1, 1] }, check: ["x"] });
});

testContract("WarpCTCLoss", { inputs: { a: [2, 1, 3], label: [2] }, param: "ctc_loss_param { blank_index: 2 }" });
