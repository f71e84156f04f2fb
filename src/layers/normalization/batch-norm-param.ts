import { create, isFieldSet } from "@bufbuild/protobuf";
import { type BatchNormParameter, BatchNormParameterSchema, type LayerParameter } from "../../proto/gen/caffe_pb.js";

/** The layer's `batch_norm_param`, or its defaults if it is not given. */
export function batchNormParam({ batchNormParam: written }: LayerParameter): BatchNormParameter {
  return written ?? create(BatchNormParameterSchema);
}

/** The global statistics of a layer: its M or V divided by its s; 0 if s is 0. In double precision. */
export function storedStatistics(sums: ArrayLike<number>, s: number): Float64Array {
  const stored = new Float64Array(sums.length);
  if (s === 0) return stored;
  for (let i = 0; i < stored.length; i++) stored[i] = (sums[i] as number) / s;
  return stored;
}

/** The value of `use_global_stats`; undefined if it is not given, so that the phase decides. */
export function writtenGlobalStats({ batchNormParam: param }: LayerParameter): boolean | undefined {
  return param && isFieldSet(param, BatchNormParameterSchema.field.useGlobalStats) ? param.useGlobalStats : undefined;
}
