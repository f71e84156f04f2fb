import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  BlobProtoSchema,
  BlobShapeSchema,
  type TransformationParameter,
  TransformationParameterSchema,
} from "../proto/gen/caffe_pb.js";
import { Random } from "../util/random.js";
import { decodeDatum, type LabeledImage, rawDatumImage, withLabel } from "./labeled-image.js";
import { Transformer } from "./transformer.js";

type Param = Partial<Omit<TransformationParameter, "$typeName" | "$unknown">>;

function transform(
  picture: LabeledImage,
  param: Param,
  phase: "TRAIN" | "TEST" = "TEST",
  seed = 1,
  mean?: number[],
): number[] {
  const shape = create(BlobShapeSchema, { dim: [1, picture.channels, picture.height, picture.width].map(BigInt) });
  const blob = mean && create(BlobProtoSchema, { shape, data: mean });
  const transformer = new Transformer(create(TransformationParameterSchema, param), phase, new Random(seed), blob);
  const [c = 0, h = 0, w = 0] = transformer.outputShape(picture);
  const output = new Float32Array(c * h * w);
  transformer.transform(picture, output);
  return [...output];
}

/** Two channels of 3×4: 1, 2, … and 101, 102, …; in the order of a datum, and of a decoded image. */
const size = { channels: 2, height: 3, width: 4 };
const planar = Uint8Array.from({ length: 24 }, (_, i) => (i < 12 ? i + 1 : i + 89));
const datum = rawDatumImage({ ...size, data: planar, label: 0 });
const interleaved = Uint8Array.from({ length: 24 }, (_, i) => (i % 2) * 100 + (i >> 1) + 1);
const image = withLabel({ ...size, data: interleaved }, 0);

describe.each([
  ["a datum", datum],
  ["a decoded image", image],
])("%s", (_name, picture) => {
  test("comes out channel by channel", () => {
    expect(transform(picture, {})).toEqual([...planar]);
  });

  test("is cropped in the middle in TEST, the smaller margin above and left", () => {
    expect(transform(picture, { cropSize: 2 })).toEqual([2, 3, 6, 7, 102, 103, 106, 107]);
    expect(transform(picture, { cropSize: 1 })).toEqual([6, 106]);
  });

  test("a mean value is subtracted, one for all channels or one each, and the result is scaled", () => {
    expect(transform(picture, { cropSize: 1, meanValue: [2] })).toEqual([4, 104]);
    expect(transform(picture, { cropSize: 1, meanValue: [2, 100], scale: 0.5 })).toEqual([2, 3]);
    expect(() => transform(picture, { meanValue: [1, 2, 3] })).toThrow(
      "transform_param.mean_value is given 3 times for 2 channels; give one, or one each",
    );
  });

  test("the cropped part of the mean image is subtracted", () => {
    const mean = Array.from(planar, (value) => value - 1);
    expect(transform(picture, { cropSize: 2, scale: 3 }, "TEST", 1, mean)).toEqual(Array(8).fill(3));
  });

  test("is mirrored and cropped by the draws: mirror, row, column, each a remainder", () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed);
      const [mirrors, top, left] = [random.next() % 2 === 1, random.next() % 2, random.next() % 3];
      const rows = [0, 1].flatMap((channel) =>
        [0, 1].map((row) => [0, 1].map((column) => 100 * channel + 4 * (top + row) + left + column + 1)),
      );
      const wanted = rows.flatMap((row) => (mirrors ? row.reverse() : row));
      expect(transform(picture, { cropSize: 2, mirror: true }, "TRAIN", seed)).toEqual(wanted);
    }
  });
});

test("floats are taken where there are no bytes", () => {
  const floats = { channels: 1, height: 1, width: 2, data: new Uint8Array(0), label: 0 };
  const picture = rawDatumImage({ ...floats, floatData: Float32Array.of(0.5, -3) });
  expect(transform(picture, { scale: 2 })).toEqual([1, -6]);
  expect(() => rawDatumImage(floats)).toThrow("an image of 1×1×2 has 0 values");
});

test("its generator continues from a saved state", () => {
  const make = (seed: number) =>
    new Transformer(create(TransformationParameterSchema, { mirror: true }), "TRAIN", new Random(seed), undefined);
  const draw = (transformer: Transformer) =>
    Array.from({ length: 30 }, () => {
      const output = new Float32Array(24);
      transformer.transform(datum, output);
      return output[0];
    });
  const [one, other] = [make(1), make(2)];
  draw(one);
  other.restore(JSON.parse(JSON.stringify(one.state)));
  expect(draw(other)).toEqual(draw(one));
  expect(() => one.restore(undefined)).toThrow("transform_param drew other random numbers when the state was saved");
});

test("force_color and force_gray choose how encoded records are decoded, and exclude each other", async () => {
  const asked: (boolean | undefined)[] = [];
  const images = {
    decode: async (_bytes: Uint8Array, { color }: { color: boolean | undefined }) => {
      asked.push(color);
      return { width: 1, height: 1, channels: 1, data: Uint8Array.of(7) };
    },
    encode: () => Promise.reject(new Error("nothing is written here")),
    rasterize: () => Promise.reject(new Error("nothing is drawn here")),
  };
  const encoded = { channels: 0, height: 0, width: 0, data: Uint8Array.of(1), label: 5, encoded: true };
  for (const param of [{}, { forceColor: true }, { forceGray: true }]) {
    const picture = await decodeDatum(encoded, create(TransformationParameterSchema, param), images);
    expect(picture).toEqual({
      width: 1,
      height: 1,
      channels: 1,
      values: Uint8Array.of(7),
      isInterleaved: true,
      label: 5,
    });
  }
  expect(asked).toEqual([undefined, true, false]);
  const both = create(TransformationParameterSchema, { forceColor: true, forceGray: true });
  await expect(decodeDatum(encoded, both, images)).rejects.toThrow(/both force_color and force_gray/);
});
