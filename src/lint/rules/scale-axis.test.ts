import { describe, expect, test } from "vitest";
import { lintContext, testRule } from "../../../test/lint.js";
import { contentOf, weightsOf } from "../../../test/lint-weights.js";
import { fixText } from "../fix.js";
import { scaleAxis } from "./scale-axis.js";

const input = (shape = "dim: 2 dim: 3 dim: 4 dim: 5") =>
  `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { ${shape} } } }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
`;
const loss = `layer { name: "l" type: "EuclideanLoss" bottom: "y" bottom: "y" top: "l" }
`;
const net = (param: string, shape?: string, type = "Scale") =>
  `${input(shape)}layer { name: "s" type: "${type}" bottom: "y" top: "y" ${type === "Scale" ? "scale" : "bias"}_param { ${param} } }
${loss}`;

testRule(scaleAxis, {
  good: {
    "the defaults": net("bias_term: true"),
    "axis 1, as given": net("axis: 1 num_axes: 1 bias_term: true"),
    "axis -3 of four": net("axis: -3 bias_term: true"),
    "axis 1 up to the end of two axes": net("num_axes: -1", "dim: 2 dim: 3"),
    "positions of which there is one": net("num_axes: 3", "dim: 2 dim: 3 dim: 1 dim: 1"),
    "a gate: another layer makes the multiplier": `${input()}layer { name: "g" type: "DummyData" top: "g" dummy_data_param { shape { dim: 2 } } }
layer { name: "s" type: "Scale" bottom: "y" bottom: "g" top: "z" scale_param { axis: 0 } }
layer { name: "l" type: "EuclideanLoss" bottom: "z" bottom: "z" top: "l" }
`,
    "another one by channel beside it": `${input()}layer { name: "s" type: "Scale" bottom: "y" top: "z" }
layer { name: "s2" type: "Scale" bottom: "y" top: "z2" scale_param { num_axes: 0 } }
layer { name: "l" type: "EuclideanLoss" bottom: "z" bottom: "z2" top: "l" }
`,
    "not behind a BatchNorm": `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 3 } } }
layer { name: "s" type: "Scale" bottom: "x" top: "x" scale_param { num_axes: 0 } }
layer { name: "l" type: "EuclideanLoss" bottom: "x" bottom: "x" top: "l" }
`,
  },
  bad: {
    "one for all": {
      text: net("▶num_axes: 0 bias_term: true"),
      fixed: net("bias_term: true"),
      says: ["with num_axes 0 it learns one γ and β for all channels", "the 3 channels stay as strong"],
    },
    "by rows": {
      text: net("▶axis: 2"),
      fixed: `${input()}layer { name: "s" type: "Scale" bottom: "y" top: "y" }
${loss}`,
      says: ["with axis 2 it learns γ for 4 places along other axes"],
    },
    "one by rows, with nothing else given": {
      text: net("▶axis: 2 num_axes: 1"),
      fixed: `${input()}layer { name: "s" type: "Scale" bottom: "y" top: "y" }
${loss}`,
    },
    "by columns, counted from the end": { text: net("▶axis: -1 bias_term: true"), fixed: net("bias_term: true") },
    "by images": { text: net("▶axis: 0 bias_term: true"), fixed: net("bias_term: true") },
    "by position": {
      severity: "info",
      text: net("▶axis: 1 num_axes: -1 bias_term: true"),
      fixed: net("bias_term: true"),
      says: ["for every position, 60 in all", "images of one size only"],
    },
    "a Bias": {
      text: net("▶axis: 2 filler { value: 1 }", undefined, "Bias"),
      fixed: net("filler { value: 1 }", undefined, "Bias"),
      says: ["learns β for 4 places"],
    },
    "behind a Split": {
      text: `${input()}layer { name: "split" type: "Split" bottom: "y" top: "a" top: "b" }
layer { name: "s" type: "Scale" bottom: "a" top: "a" scale_param { ▶num_axes: 0 bias_term: true } }
layer { name: "l" type: "EuclideanLoss" bottom: "a" bottom: "b" top: "l" }
`,
      fixed: `${input()}layer { name: "split" type: "Split" bottom: "y" top: "a" top: "b" }
layer { name: "s" type: "Scale" bottom: "a" top: "a" scale_param { bias_term: true } }
layer { name: "l" type: "EuclideanLoss" bottom: "a" bottom: "b" top: "l" }
`,
    },
    "weights by rows, which do not fit channels": {
      text: net("▶axis: 2 bias_term: true"),
      weights: weightsOf({
        s: [
          [1, 2, 3, 4],
          [0, 0, 0, 0],
        ],
      }),
    },
    "a deploy net, whose weights are as it is": {
      text: `input: "x" input_shape { dim: 1 dim: 3 dim: 4 dim: 5 }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
layer { name: "s" type: "Scale" bottom: "y" top: "y" scale_param { ▶num_axes: 0 bias_term: true } }
`,
    },
  },
});

describe("the weights", () => {
  test("of one γ and β become as many of the same", async () => {
    const scalar = (value: number) => ({ shape: [], data: [value] });
    const weights = weightsOf({ s: [scalar(2), scalar(-1)] });
    const fixed = await fixText(
      net("num_axes: 0 bias_term: true"),
      undefined,
      [scaleAxis],
      {},
      lintContext({ weights }),
    );
    expect(fixed.weights && contentOf(fixed.weights)).toEqual({
      s: [
        [[3], [2, 2, 2]],
        [[3], [-1, -1, -1]],
      ],
    });
    expect(contentOf(weights).s).toEqual([
      [[], [2]],
      [[], [-1]],
    ]);
  });
});
