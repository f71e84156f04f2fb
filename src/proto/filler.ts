import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type FillerParameter, FillerParameterSchema } from "./gen/caffe_pb.js";

/**
 * A FillerParameter for a layer that declares parameters: `filler({ type: "xavier" })`. Default: constant 0.
 *
 * @example
 * ```ts
 * const weights = filler({ type: "gaussian", std: 0.01 });
 * const param = { shape: [20, 3], filler: weights }; // as declareParams of a layer returns it
 * ```
 */
export function filler(fields: MessageInitShape<typeof FillerParameterSchema> = {}): FillerParameter {
  return create(FillerParameterSchema, fields);
}
