import type { FillerParameter } from "../proto/gen/caffe_pb.js";
import { placeOf } from "../proto/source.js";
import { type ErrorCode, MokaError } from "../util/errors.js";

/** Throws an error at the place of a filler's field unless `condition` holds. Default: at its type. */
export function checkFiller(
  filler: FillerParameter,
  condition: unknown,
  code: ErrorCode,
  reason: string,
  field = "type",
): asserts condition {
  if (!condition) throw new MokaError(code, `${filler.type} filler: ${reason}`, { place: placeOf(filler, field) });
}
