import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { fill } from "../src/fillers/index.js";
import { FillerParameterSchema } from "../src/proto/gen/caffe_pb.js";
import { Random } from "../src/util/random.js";
import { countOf, type Shape } from "../src/util/shape.js";

/** The values that a filler gives a new blob. */
export function filled(filler: MessageInitShape<typeof FillerParameterSchema>, shape: Shape, seed = 1): Float32Array {
  const values = new Float32Array(countOf(shape)).fill(Number.NaN);
  for (const _ of fill(create(FillerParameterSchema, filler), shape)(values, new Random(seed)) ?? []);
  return values;
}
