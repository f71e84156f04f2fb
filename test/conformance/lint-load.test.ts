// What the linter calls an error Moka refuses too, in the same words where they are the layer's own; and what it says of
// gradients is so.
import { describe, expect, test } from "vitest";
import { Net, type NetOptions } from "../../src/index.js";
import { lintText } from "../../src/lint/lint.js";
import { rules } from "../../src/lint/rules/index.js";
import { lintContext } from "../lint.js";

const data = `layer { name: "d" type: "Input" top: "x" top: "t" input_param { shape { dim: 8 dim: 4 } shape { dim: 8 dim: 4 } } }
`;
const fc = `layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
`;
const loss = (bottom: string) => `layer { name: "l" type: "EuclideanLoss" bottom: "${bottom}" bottom: "t" top: "l" }
`;

/** Nets with one error each: the rule that finds it, and what Moka says when it is to load the net. */
const refused: readonly (readonly [rule: string, text: string, says: RegExp])[] = [
  [
    "caffe-refuses",
    `${data}layer { name: "p" type: "Pooling" bottom: "x" top: "p" pooling_param { pool: BEST } }`,
    /BEST is none of/,
  ],
  ["unknown-layer", `${data}layer { name: "r" type: "Relu" bottom: "x" top: "y" }`, /did you mean "ReLU"/],
  [
    "unknown-bottom",
    `${data}layer { name: "r" type: "ReLU" bottom: "z" top: "y" }`,
    /"z", which no layer above produces/,
  ],
  [
    "loss-in-deploy",
    `${data}layer { name: "l" type: "EuclideanLoss" bottom: "x" bottom: "label" top: "l" }`,
    /"label", which no layer/,
  ],
  ["duplicate-top", `${data}${fc}${fc.replace('"fc"', '"fc2"')}${loss("y")}`, /top "y" is already produced/],
  ["phase-overlap", data + data.replace('"d"', '"e"') + loss("x"), /top "x" is already produced/],
  [
    "shape-mismatch",
    `${data}layer { name: "f" type: "Convolution" bottom: "x" top: "y" convolution_param { kernel_size: 1 } }`,
    /num_output/,
  ],
  [
    "lr-mult-count",
    `${data}layer { name: "r" type: "ReLU" bottom: "x" top: "y" param { lr_mult: 1 } }`,
    /1 param spec for 0 parameters/,
  ],
  [
    "label-gradient",
    `${data}${fc}layer { name: "l" type: "SigmoidCrossEntropyLoss" bottom: "x" bottom: "y" top: "l" }`,
    /cannot propagate down/,
  ],
  [
    "label-gradient",
    `${data}layer { name: "b" type: "BatchNorm" bottom: "x" top: "n" }
layer { name: "s" type: "Scale" bottom: "n" top: "n" param { lr_mult: 0 } param { lr_mult: 0 } scale_param { bias_term: true } }
layer { name: "p" type: "Threshold" bottom: "n" top: "p" }
${fc.replace('bottom: "x"', 'bottom: "p"')}${loss("y")}`,
    /has no gradient: .*has 0 param specs for 3 parameters/,
  ],
  [
    "layer-after-in-place",
    `${data}${fc}layer { name: "a" type: "AbsVal" bottom: "y" top: "a" }
layer { name: "r" type: "ReLU" bottom: "y" top: "y" }
${loss("y")}`,
    /top "y" is already produced/,
  ],
  [
    "layer-after-in-place",
    `${data}${fc}layer { name: "a" type: "AbsVal" bottom: "y" top: "y" }
${loss("y")}`,
    /cannot work in place/,
  ],
];

describe("what the linter calls an error", () => {
  test.each(refused)("%s: is refused: %s", async (rule, text, says) => {
    const found = await lintText(text, undefined, rules, {}, lintContext());
    const errors = found.filter(({ severity }) => severity === "error").map((finding) => finding.rule);
    expect([...new Set(errors)]).toEqual([rule]);
    await expect(loadAndRun(text)).rejects.toThrow(says);
  });

  test("is not found where a net loads", async () => {
    const text = data + fc + loss("y");
    expect(await lintText(text, undefined, rules, {}, lintContext())).toEqual([]);
    await loadAndRun(text);
  });
});

describe("layer-after-in-place", () => {
  const net = (top: string) => `${data}${fc}layer { name: "r" type: "ReLU" bottom: "y" top: "${top}" }
layer { name: "b" type: "BatchNorm" bottom: "${top}" top: "${top}" }
${loss(top)}`;

  test.each(["reference", "wasm"] as const)("is right that nothing but the gradient tells (%s)", async (engine) => {
    const inPlace = await loadAndRun(net("y"), engine);
    const apart = await loadAndRun(net("z"), engine);
    expect(inPlace.loss).toBe(apart.loss);
    const difference = inPlace.gradient.map((value, index) => Math.abs(value - (apart.gradient[index] ?? 0)));
    expect(Math.max(...difference)).toBeGreaterThan(0.01);
  });

  test("finds the one and not the other", async () => {
    const found = async (text: string) =>
      (await lintText(text, undefined, rules, {}, lintContext())).map(({ rule }) => rule);
    expect(await found(net("y"))).toContain("layer-after-in-place");
    expect(await found(net("z"))).not.toContain("layer-after-in-place");
  });
});

async function loadAndRun(text: string, engine: NetOptions["engine"] = "reference") {
  const net = await Net.load(`${text}\n`, { phase: "TRAIN", engine, seed: 3 });
  try {
    const x = Float32Array.from({ length: 32 }, (_, i) => Math.sin(1.7 * i));
    const { l } = await net.forward({ x, t: x.map((_, i) => Math.cos(i)) });
    await net.backward();
    return { loss: l?.[0], gradient: [...(net.params.get("fc")?.[0]?.diff ?? [])] };
  } finally {
    await net.dispose();
  }
}
