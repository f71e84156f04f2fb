import { expect, it } from "vitest";
import { filled } from "../../test/filled.js";
import { FillerParameter_VarianceNorm } from "../proto/gen/caffe_pb.js";
import { Random } from "../util/random.js";

it("draws normal numbers of std √(2 / n)", () => {
  const expected = new Float32Array(256);
  new Random(2).gaussian(expected, 0, 0.5); // n = 8
  expect(filled({ type: "msra" }, [32, 8], 2)).toEqual(expected);
  new Random(2).gaussian(expected, 0, 0.25); // n = 32
  const varianceNorm = FillerParameter_VarianceNorm.FAN_OUT;
  expect(filled({ type: "msra", varianceNorm }, [32, 8], 2)).toEqual(expected);
});
