import { expect, test } from "vitest";
import { closest, didYouMean, meant } from "./closest.js";

const names = [
  "num_output",
  "bias_term",
  "pad",
  "kernel_size",
  "stride",
  "weight_filler",
  "bias_filler",
  "pad_h",
  "pad_w",
  "dilation",
  "axis",
];

test.each([
  ["num_ouput", "num_output"],
  ["num_outputs", "num_output"],
  ["kernelsize", "kernel_size"],
  ["kernel_sise", "kernel_size"],
  ["bais_term", "bias_term"],
  ["bias_filer", "bias_filler"],
])("takes %s for %s", (wrong, right) => {
  expect(closest(wrong, names)).toBe(right);
});

test.each(["pad_l", "pad_t", "dilate", "x", "ceil_mode", "num"])("does not take %s for another", (name) => {
  expect(closest(name, names)).toBeUndefined();
});

test("the name that was meant is the same in other case, the closest, or the only longer one", () => {
  const names = ["constant", "gaussian", "uniform", "xavier", "msra"];
  expect(["MSRA", "xaiver", "gauss", "gau", "normal"].map((name) => meant(name, names))).toEqual([
    "msra",
    "xavier",
    "gaussian",
    undefined,
    undefined,
  ]);
  expect(meant("conv", ["conv1", "conv2"])).toBeUndefined();
  expect([didYouMean("MSRA", names), didYouMean("normal", names)]).toEqual(['; did you mean "msra"?', ""]);
});
