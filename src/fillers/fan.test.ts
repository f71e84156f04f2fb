import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { FillerParameter_VarianceNorm, FillerParameterSchema } from "../proto/gen/caffe_pb.js";
import { MokaError } from "../util/errors.js";
import { fanOf } from "./fan.js";

it.each([
  { shape: [8, 3, 5, 5], FAN_IN: 75, FAN_OUT: 200, AVERAGE: 137.5 },
  { shape: [10, 40], FAN_IN: 40, FAN_OUT: 10, AVERAGE: 25 },
  { shape: [6], FAN_IN: 1, FAN_OUT: 6, AVERAGE: 3.5 },
])("counts fans of shape $shape", ({ shape, ...fans }) => {
  for (const norm of ["FAN_IN", "FAN_OUT", "AVERAGE"] as const) {
    const filler = create(FillerParameterSchema, { varianceNorm: FillerParameter_VarianceNorm[norm] });
    expect(fanOf(filler, shape), norm).toBe(fans[norm]);
  }
  expect(fanOf(create(FillerParameterSchema), shape)).toBe(fans.FAN_IN);
});

it("refuses a scalar", () => {
  expect(() => fanOf(create(FillerParameterSchema), [])).toThrow(MokaError);
});
