import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param: string) => `layer { name: "layer" type: "Embed" bottom: "x" top: "y" embed_param { ${param} } }`;

const w = [1, 2, 3, 4, 5, 6];

test("is the row of the weights that each index names, and the bias", async () => {
  const x = { shape: [2, 2], data: [2, 0, 2, 1] };
  const { y } = await runLayer(layer("input_dim: 3 num_output: 2"), { x }, [w, [10, 100]]);
  expect(y).toEqual({ shape: [2, 2, 2], data: [15, 106, 11, 102, 15, 106, 13, 104] });
});

test("with bias_term: false leaves the bias out; what stands behind the point does not count", async () => {
  const param = "input_dim: 3 num_output: 2 bias_term: false";
  const { y } = await runLayer(layer(param), { x: { shape: [2], data: [1.9, 0] } }, [w]);
  expect(y).toEqual({ shape: [2, 2], data: [3, 4, 1, 2] });
});

test("starts with 0, or what its fillers say", async () => {
  const x = { shape: [1], data: [0] };
  expect((await runLayer(layer("input_dim: 3 num_output: 2"), { x })).y.data).toEqual([0, 0]);
  const fillers = "weight_filler { value: 1 } bias_filler { value: 0.5 }";
  expect((await runLayer(layer(`input_dim: 3 num_output: 2 ${fillers}`), { x })).y.data).toEqual([1.5, 1.5]);
});

describe("errors", () => {
  test("an index out of range, before anything is read", async () => {
    const net = await layerNet(layer("input_dim: 3 num_output: 2"), { x: [2] });
    for (const [bad, shown] of [
      [3, "3"],
      [-1, "-1"],
      [1e30, "1.0000000150474662e+30"],
      [Number.NaN, "NaN"],
    ] as const) {
      await expect(net.forward({ x: [0, bad] })).rejects.toThrow(
        `<text>:3:1: layer "layer" (Embed): index ${shown} (number 1 of "x") is not one of the 3 rows of ` +
          "embed_param.input_dim, 0 to 2",
      );
    }
    await expect(net.forward({ x: [0, 3] })).rejects.toMatchObject({ code: "MOKA_LABEL" });
    await net.dispose();
  });

  test("no num_output, no input_dim", async () => {
    expect(await buildError(layer("input_dim: 3"), { x: [2] })).toMatch(/embed_param.num_output must be given/);
    expect(await buildError(layer("num_output: 3"), { x: [2] })).toMatch(/embed_param.input_dim must be given/);
  });

  test("a gradient asked of the indices", async () => {
    const up = 'layer { name: "up" type: "Bias" bottom: "raw" top: "x" bias_param { axis: 0 num_axes: 0 } }';
    const loss = 'layer { type: "Reduction" bottom: "y" top: "sum" loss_weight: 1 }';
    const net = await layerNet(up + layer("input_dim: 3 num_output: 2") + loss, { raw: [2] });
    await net.forward();
    await expect(net.backward()).rejects.toThrow(/cannot propagate down to its indices "x"/);
    await net.dispose();
  });
});

test.each(["", "bias_term: false"])(
  "gradient of the parameters, of indices that come more than once, %j",
  async (param) => {
    await checkGradients({
      layer: layer(`input_dim: 4 num_output: 3 ${param}`),
      inputs: { x: [2, 3] },
      values: { x: [3, 0, 3, 1, 3, 0] },
      check: param ? ["0"] : ["0", "1"],
    });
  },
);

testContract("Embed", {
  inputs: { label: [2] },
  param: 'embed_param { input_dim: 3 num_output: 4 weight_filler { type: "xavier" } bias_filler { type: "uniform" } }',
});
