import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { SolverParameterSchema } from "../proto/gen/caffe_pb.js";
import { learningRate } from "./lr-policy.js";

const solver = (fields: Parameters<typeof create<typeof SolverParameterSchema>>[1]) =>
  create(SolverParameterSchema, { baseLr: 0.5, gamma: 0.5, power: 2, stepsize: 10, maxIter: 100, ...fields });

test.each([
  ["fixed", 50, 0.5],
  ["step", 9, 0.5],
  ["step", 10, 0.25],
  ["step", 29, 0.125],
  ["exp", 3, 0.0625],
  ["inv", 2, 0.5 / 4],
  ["poly", 50, 0.125],
  ["poly", 100, 0],
  ["sigmoid", 10, 0.25],
])("%s at iteration %i is %f", (lrPolicy, iter, expected) => {
  expect(learningRate(solver({ lrPolicy }), { iter, currentStep: 0 })).toBeCloseTo(expected, 7);
});

test("multistep makes a step at each stepvalue, at most one per call, and stores it", () => {
  const param = solver({ lrPolicy: "multistep", stepvalue: [2, 4] });
  const progress = { iter: 0, currentStep: 0 };
  const rates = [];
  for (; progress.iter < 6; progress.iter++) rates.push(learningRate(param, progress));
  expect(rates).toEqual([0.5, 0.5, 0.25, 0.25, 0.125, 0.125]);
  expect(progress.currentStep).toBe(2);
});

test("rates are rounded to single precision", () => {
  expect(learningRate(solver({ lrPolicy: "fixed", baseLr: 0.1 }), { iter: 0, currentStep: 0 })).toBe(Math.fround(0.1));
});
