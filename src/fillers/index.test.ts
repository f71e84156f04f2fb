import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { filled } from "../../test/filled.js";
import { FillerParameterSchema } from "../proto/gen/caffe_pb.js";
import { setSource } from "../proto/source.js";
import { Random } from "../util/random.js";
import { fill } from "./index.js";

const types = ["constant", "gaussian", "positive_unitball", "uniform", "xavier", "msra", "bilinear"];

describe.each(types)("%s", (type) => {
  it("fills all values with numbers, the same for the same seed", () => {
    const values = filled({ type }, [2, 3, 4, 4]);
    expect(values.every(Number.isFinite)).toBe(true);
    expect(filled({ type }, [2, 3, 4, 4])).toEqual(values);
  });

  it("refuses a blob without values", () => {
    expect(() => filled({ type }, [2, 0, 4, 4])).toThrow(
      `${type} filler: nothing to fill in a blob of shape 2 0 4 4 (0)`,
    );
  });
});

it.each(types.filter((type) => type !== "gaussian"))("%s refuses to be sparse", (type) => {
  expect(() => filled({ type, sparse: 1 }, [2, 3, 4, 4])).toThrow(`${type} filler: sparse is 1, but only`);
});

describe("unknown types", () => {
  it("are refused at their place, with the types there are", () => {
    const filler = create(FillerParameterSchema, { type: "Xavier" });
    setSource(filler, { place: { file: "net.prototxt", line: 3, column: 5 } });
    expect(() => fill(filler, [1])(new Float32Array(1), new Random(1))).toThrow(
      expect.objectContaining({
        name: "MokaError",
        code: "MOKA_FIELD",
        message:
          'net.prototxt:3:5: unknown filler type "Xavier"; there are constant, gaussian, positive_unitball, uniform, ' +
          'xavier, msra, bilinear; did you mean "xavier"?',
      }),
    );
  });

  it("are refused even where they name something every object has", () => {
    expect(() => filled({ type: "toString" }, [1])).toThrow(/^unknown filler type "toString"/);
  });
});

it("refuses values that are not those of the shape", () => {
  const filler = create(FillerParameterSchema);
  expect(() => fill(filler, [2, 3])(new Float32Array(5), new Random(1))).toThrow("5 values to fill");
});

it("gives the place of an invalid filler", () => {
  const filler = create(FillerParameterSchema, { type: "gaussian", std: 0 });
  setSource(filler, { place: { file: "net.prototxt", line: 7, column: 9 } });
  expect(() => fill(filler, [1])(new Float32Array(1), new Random(1))).toThrow(
    /^net\.prototxt:7:9: gaussian filler: std/,
  );
});
