import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type FillerParameter, FillerParameterSchema } from "./gen/caffe_pb.js";

/** A FillerParameter for a layer that declares parameters: `filler({ type: "xavier" })`. Default: constant 0. */
export function filler(fields: MessageInitShape<typeof FillerParameterSchema> = {}): FillerParameter {
  return create(FillerParameterSchema, fields);
}
