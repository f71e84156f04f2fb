import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { LayerParameterSchema } from "../proto/gen/caffe_pb.js";
import { hasLossWeight, isDataLayer, isLoss } from "./layer-roles.js";

const layer = (type: string, bottom: string[], top: string[], lossWeight: number[] = []) =>
  create(LayerParameterSchema, { name: "l", type, bottom, top, lossWeight });

test.each([
  [true, layer("Data", [], ["data", "label"])],
  [true, layer("Input", [], ["data"])],
  [true, layer("AnnotatedData", [], ["data"])],
  [false, layer("ReLU", ["x"], ["y"])],
  [false, layer("Parameter", [], ["w"])],
  [false, layer("Silence", [], [])],
])("a data layer has tops and no bottoms: %j", (expected, message) => {
  expect(isDataLayer(message)).toBe(expected);
});

test.each([
  [true, false, layer("SoftmaxWithLoss", ["x", "label"], ["loss"])],
  [true, false, layer("FocalLoss", ["x"], ["loss"])],
  [true, true, layer("Reduction", ["x"], ["sum"], [0.5])],
  [true, true, layer("Slice", ["x"], ["a", "b"], [0, 1])],
  [false, false, layer("Reduction", ["x"], ["sum"], [0])],
  [false, false, layer("LossyCompression", ["x"], ["y"])],
])("a loss is known by its name, as of forks, or by its loss_weight: %j, %j", (loss, weighted, message) => {
  expect([isLoss(message), hasLossWeight(message)]).toEqual([loss, weighted]);
});
