import { expect, it } from "vitest";
import { filled } from "../../test/filled.js";
import { FillerParameter_VarianceNorm } from "../proto/gen/caffe_pb.js";
import { Random } from "../util/random.js";

it("draws uniformly from ±√(3 / n)", () => {
  const expected = new Float32Array(576);
  new Random(2).uniform(expected, -0.25, 0.25); // n = 48
  expect(filled({ type: "xavier" }, [12, 48], 2)).toEqual(expected);
  new Random(2).uniform(expected, -0.5, 0.5); // n = 12
  const varianceNorm = FillerParameter_VarianceNorm.FAN_OUT;
  expect(filled({ type: "xavier", varianceNorm }, [12, 48], 2)).toEqual(expected);
});
