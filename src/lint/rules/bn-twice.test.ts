import { describe, expect, test } from "vitest";
import { lintContext, testRule } from "../../../test/lint.js";
import { contentOf, weightsOf } from "../../../test/lint-weights.js";
import { fixText } from "../fix.js";
import { bnTwice } from "./bn-twice.js";
import { bnWithoutScale } from "./bn-without-scale.js";

const start = `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 2 kernel_size: 1 bias_term: false } }
`;
const bn = (name = "bn", bottom = "c", top = "c", more = "") =>
  `layer { name: "${name}" type: "BatchNorm" bottom: "${bottom}" top: "${top}"${more} }
`;
const scale = (name = "s", bottom = "c", top = "c", more = "") =>
  `layer { name: "${name}" type: "Scale" bottom: "${bottom}" top: "${top}"${more} scale_param { bias_term: true } }
`;
const end = (bottom = "c") => `layer { name: "relu" type: "ReLU" bottom: "${bottom}" top: "r" }
layer { name: "l" type: "EuclideanLoss" bottom: "r" bottom: "r" top: "l" }
`;
const frozen = " param { lr_mult: 0 } param { lr_mult: 0 }";

testRule(bnTwice, {
  good: {
    "one BatchNorm and its Scale": start + bn() + scale() + end(),
    "a ReLU between": `${start}${bn()}${scale()}layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
${bn("bn2")}${scale("s2")}${end()}`,
    "a Scale that others read too": `${start}${scale("s", "c", "d")}${bn("bn", "d", "e")}layer { name: "sum" type: "Eltwise" bottom: "d" bottom: "e" top: "g" }
${end("g")}`,
    "a Scale that others read too, behind a Split": `${start}${scale("s", "c", "d")}layer { name: "split" type: "Split" bottom: "d" top: "m" top: "o" }
${bn("bn", "m", "e")}layer { name: "sum" type: "Eltwise" bottom: "o" bottom: "e" top: "g" }
${end("g")}`,
    "a gate by another blob": `${start}layer { name: "g" type: "Scale" bottom: "c" bottom: "x" top: "g" scale_param { axis: 0 } }
${bn("bn", "g", "g")}${end("g")}`,
    "a Scale by rows, which stays": `${start}${scale().replace("bias_term", "axis: 2 bias_term")}${bn()}${end()}`,
    "a Scale that only prepares data": start + scale("s", "c", "c", frozen) + bn() + end(),
    "averages that stay, which take nothing else away":
      start + scale() + bn("bn", "c", "c", " batch_norm_param { use_global_stats: true }") + end(),
    "a fork's, with scale and shift inside":
      start + bn("a", "c", "c", " batch_norm_param { scale_bias: true }") + bn() + end(),
  },
  bad: {
    "two, in place": {
      text: `${start}${bn("a")}▶${bn("b")}${scale()}${end()}`,
      fixed: start + bn("a") + scale() + end(),
      says: ['what BatchNorm "a" has just normalized: it does nothing', "mean 0 and variance 1 there already"],
    },
    "two, each with a top of its own": {
      text: `${start}${bn("a", "c", "n")}▶${bn("b", "n", "m")}${scale("s", "m", "m")}${end("m")}`,
      fixed: start + bn("a", "c", "m") + scale("s", "m", "m") + end("m"),
    },
    three: {
      text: `${start}${bn("a")}▶${bn("b")}▶${bn("e")}${scale()}${end()}`,
      fixed: start + bn("a") + scale() + end(),
    },
    "the first is read by others too": {
      text: `${start}${bn("a", "c", "n")}▶${bn("b", "n", "m")}layer { name: "sum" type: "Eltwise" bottom: "n" bottom: "m" top: "e" }
${end("e")}`,
    },
    "a Split between": {
      text: `${start}${bn("a", "c", "n")}layer { name: "split" type: "Split" bottom: "n" top: "m" }
▶${bn("b", "m", "m")}${scale("s", "m", "m")}${end("m")}`,
      fixed: `${start}${bn("a", "c", "n")}layer { name: "split" type: "Split" bottom: "n" top: "m" }
${scale("s", "m", "m")}${end("m")}`,
    },
    "a Split between, of which others read another top": {
      text: `${start}${bn("a", "c", "n")}layer { name: "split" type: "Split" bottom: "n" top: "m" top: "o" }
▶${bn("b", "m", "e")}layer { name: "sum" type: "Eltwise" bottom: "o" bottom: "e" top: "g" }
${end("g")}`,
    },
    "a Scale between, and one behind": {
      text: `${start}${bn("a")}${scale("s1")}▶${bn("b")}${scale("s2")}${end()}`,
      fixed: start + bn("a") + scale("s2") + end(),
      says: ['layer "s1" (Scale) and "b" do nothing', "only the sign of γ is left"],
    },
    "a Scale between, and none behind": {
      text: `${start}${bn("a")}${scale("s1")}▶${bn("b")}${end()}`,
      fixed: start + bn("a") + scale("s1") + end(),
      says: ['"b" does nothing'],
    },
    "the Scale before its BatchNorm": {
      text: `${start}▶${scale()}${bn()}${end()}`,
      fixed: start + bn() + scale() + end(),
      says: ['stands before BatchNorm "bn"', "It belongs behind the BatchNorm"],
    },
    "the same, not in place, on lines": {
      text: `${start}▶layer {
  name: "s"
  type: "Scale"
  bottom: "c"
  top: "d"
  scale_param { bias_term: true }
}
${bn("bn", "d", "e")}${end("e")}`,
      fixed: `${start}${bn("bn", "c", "d")}layer {
  name: "s"
  type: "Scale"
  bottom: "d"
  top: "e"
  scale_param { bias_term: true }
}
${end("e")}`,
    },
    "a Scale before it and one behind": {
      text: `${start}▶${scale("s1")}${bn()}${scale("s2")}${end()}`,
      fixed: start + bn() + scale("s2") + end(),
    },
    "one scalar for all channels": {
      text: `${start}▶${scale().replace("bias_term", "num_axes: 0 bias_term")}${bn()}${scale("s2")}${end()}`,
      fixed: start + bn() + scale("s2") + end(),
    },
    "a Bias": {
      text: `${start}▶layer { name: "b" type: "Bias" bottom: "c" top: "c" }
${bn()}${scale()}${end()}`,
      fixed: start + bn() + scale() + end(),
    },
    "a deploy net": {
      severity: "info",
      text: `input: "c" input_shape { dim: 1 dim: 2 }
${bn("a")}▶${bn("b")}${scale()}`,
      fixed: `input: "c" input_shape { dim: 1 dim: 2 }
${bn("a")}${scale()}`,
    },
  },
});

describe("with bn-without-scale", () => {
  test.each([
    ["two, with one Scale behind", bn("a") + bn("b") + scale(), bn("a") + scale()],
    ["two, without", bn("a") + bn("b"), `${bn("a")}${scale("scale_a").replace("bias_term", "bias_term")}`],
    ["a Scale before it", scale() + bn(), bn() + scale()],
    ["a Scale between", bn("a") + scale() + bn("b"), bn("a") + scale()],
  ])("no Scale is put between: %s", async (_, layers, fixed) => {
    const result = await fixText(start + layers + end(), undefined, [bnTwice, bnWithoutScale], {}, lintContext());
    expect(result.text).toBe(start + fixed + end());
    expect(result.findings).toEqual([]);
  });
});

describe("the weights, so that TEST computes the same", () => {
  // A BatchNorm b with mean 1, 2 and variance 4, 16 (its factor is 2), to within eps.
  const b = [[2, 4], [8, 32], [2]] as const;
  const fixed = async (layers: string, weights: Parameters<typeof weightsOf>[0]) => {
    const given = { weights: weightsOf(weights) };
    const result = await fixText(start + layers + end(), undefined, [bnTwice], {}, lintContext(given));
    const content = result.weights && contentOf(result.weights);
    return (name: string) => content?.[name]?.map(([, data]) => data);
  };
  const close = (...blobs: number[][]) => blobs.map((values) => values.map((value) => expect.closeTo(value, 4)));

  test("of a second BatchNorm go into the Scale behind it", async () => {
    const of = await fixed(bn("a") + bn("b") + scale(), {
      a: b,
      b,
      s: [
        [1, 2],
        [3, 4],
      ],
    });
    expect(of("s")).toEqual(close([0.5, 0.5], [2.5, 3]));
  });

  test("of a Scale between go there too", async () => {
    const of = await fixed(bn("a") + scale("s1") + bn("b") + scale(), {
      a: b,
      s1: [
        [2, -4],
        [1, 1],
      ],
      b,
      s: [
        [1, 2],
        [3, 4],
      ],
    });
    expect(of("s")).toEqual(close([1, -2], [3, 3.5]));
  });

  test("of a second BatchNorm without a Scale go into the one between", async () => {
    const of = await fixed(bn("a") + scale("s1") + bn("b"), {
      a: b,
      s1: [
        [2, -4],
        [1, 1],
      ],
      b,
    });
    expect(of("s1")).toEqual(close([1, -1], [0, -0.25]));
  });

  test("of a Scale before it are taken out of its averages", async () => {
    const of = await fixed(scale() + bn("b"), {
      b,
      s: [
        [2, -4],
        [0, 1],
      ],
    });
    expect(of("b")).toEqual(close([1, -0.5], [2, 2], [2]));
    expect(of("s")).toEqual(close([1, -1], [0, 0]));
  });

  test("of a Scale before it leave its sign to the one behind", async () => {
    const of = await fixed(scale("s1") + bn("b") + scale(), {
      b,
      s1: [
        [2, -4],
        [0, 1],
      ],
      s: [
        [5, 6],
        [7, 8],
      ],
    });
    expect(of("b")).toEqual(close([1, -0.5], [2, 2], [2]));
    expect(of("s")).toEqual(close([5, -6], [7, 8]));
  });

  test("that do not fit leave the net as it is", async () => {
    const text = start + bn("a") + bn("b") + end();
    const given = { weights: weightsOf({ a: b, b }) };
    const result = await fixText(text, undefined, [bnTwice], {}, lintContext(given));
    expect(result.text).toBe(text);
    expect(result.findings).toMatchObject([{ fixable: false }]);
  });
});
