import { testRule } from "../../../test/lint.js";
import { weightsOf } from "../../../test/lint-weights.js";
import { bnNegativeVariance } from "./bn-negative-variance.js";

const net = (mark: string) => `input: "x" input_shape { dim: 1 dim: 3 dim: 4 dim: 4 }
${mark}layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
`;
const weights = (variance: readonly number[], factor = 2, mean: readonly number[] = [0, 0, 0]) =>
  weightsOf({ bn: [mean, variance, [factor]] });

testRule(bnNegativeVariance, {
  good: {
    "no weights": net(""),
    "variances of 0 and more": { text: net(""), weights: weights([0, 1e-30, 4]) },
    "a factor of 0, by which nothing is divided": { text: net(""), weights: weights([-1, 1, 1], 0) },
  },
  bad: {
    "two channels": {
      text: net("▶"),
      weights: weights([1, -2, -4]),
      says: ["below 0 in 2 channels of 3: V/s is -1 in channel 1", "channels 1, 2", "NaN"],
    },
    "less than eps": {
      text: net("▶"),
      weights: weights([1, 1, -2e-6]),
      severity: "warning",
      says: ["1 channel of 3", "still computes numbers"],
    },
    "a factor below 0": { text: net("▶"), weights: weights([1, 1, 1], -2), says: ["the factor is -2"] },
    "a factor that is no number": {
      text: net("▶"),
      weights: weights([1, 1, 1], Number.NaN),
      says: ["no number in 3 channels of 3", "The factor is NaN"],
    },
    "a factor that is infinite": {
      text: net("▶"),
      weights: weights([1, 1, 1], Number.POSITIVE_INFINITY),
      says: ["The factor is inf: both count as 0"],
    },
    "no number": { text: net("▶"), weights: weights([1, Number.NaN, 1]), says: ["no number in 1 channel of 3"] },
    "a mean that is infinite": {
      text: net("▶"),
      weights: weights([1, 1, 1], 1, [0, 0, Number.POSITIVE_INFINITY]),
      says: ["channel 2 comes out as infinity"],
    },
  },
});
