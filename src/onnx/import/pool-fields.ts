import type { MessageInitShape } from "@bufbuild/protobuf";
import type { PoolingParameterSchema } from "../../proto/gen/caffe_pb.js";

export type PoolFields = MessageInitShape<typeof PoolingParameterSchema>;

/** The fields of a window, each once where both axes have the same, and none where it is the default. */
export function poolSizes(
  [kernelH = 1, kernelW = 1]: readonly number[],
  [strideH = 1, strideW = 1]: readonly number[],
  [padH = 0, padW = 0]: readonly number[],
): PoolFields {
  return {
    ...(kernelH === kernelW ? { kernelSize: kernelH } : { kernelH, kernelW }),
    ...(strideH === strideW ? (strideH > 1 ? { stride: strideH } : {}) : { strideH, strideW }),
    ...(padH === padW ? (padH > 0 ? { pad: padH } : {}) : { padH, padW }),
  };
}
