import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer =
  'layer { name: "layer" type: "LSTMUnit" bottom: "c_prev" bottom: "gates" bottom: "cont" top: "c" top: "h" }';

test("is one step of an LSTM; a sequence that begins forgets", async () => {
  const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
  const gates = [0.1, -0.2, 0.3, 0.4];
  const { c, h } = await runLayer(layer, {
    c_prev: { shape: [1, 2, 1], data: [2, 2] },
    gates: { shape: [1, 2, 4], data: [...gates, ...gates] },
    cont: { shape: [1, 2], data: [1, 0] },
  });
  const begun = sigmoid(0.1) * Math.tanh(0.4);
  const cells = [sigmoid(-0.2) * 2 + begun, begun];
  expect(c.shape).toEqual([1, 2, 1]);
  for (const [i, cell] of cells.entries()) {
    expect(c.data[i]).toBeCloseTo(cell, 6);
    expect(h.data[i]).toBeCloseTo(sigmoid(0.3) * Math.tanh(cell), 6);
  }
});

test("gradient", async () => {
  const values = { cont: [1, 0, 1] };
  const inputs = { c_prev: [1, 3, 2], gates: [1, 3, 8], cont: [1, 3] };
  await checkGradients({ layer, inputs, values, check: ["c_prev", "gates"] });
});

test("says what shapes it needs", async () => {
  const shapes = { c_prev: [1, 3, 2], gates: [1, 3, 8], cont: [1, 3] };
  const message = async (change: object) => buildError(layer, { ...shapes, ...change });
  expect(await message({ c_prev: [3, 2] })).toContain("bottom 0 must be 1 × streams × cells, not 3 2 (6)");
  expect(await message({ gates: [1, 3, 2] })).toContain(
    "bottom 1 must have shape 1 3 8 to go with bottom 0, not 1 3 2 (6)",
  );
  expect(await message({ cont: [3] })).toContain("bottom 2 must have shape 1 3 to go with bottom 0, not 3 (3)");
});

test("gives no gradient to cont", async () => {
  const learned = 'layer { name: "up" type: "Bias" bottom: "raw" top: "cont" bias_param { axis: 0 num_axes: 0 } }';
  const text = learned + layer.replace(/}$/, "loss_weight: 1 loss_weight: 1 }");
  const net = await layerNet(text, { c_prev: [1, 3, 2], gates: [1, 3, 8], raw: [1, 3] });
  await net.forward();
  await expect(net.backward()).rejects.toThrow(/layer "layer" .*no gradient can go to bottom 2/);
  await net.dispose();
});

testContract("LSTMUnit", { inputs: { c: [2, 3, 4], gates: [2, 3, 16], label: [2, 3] }, tops: ["y", "h"] });
