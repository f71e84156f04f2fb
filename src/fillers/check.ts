import type { FillerParameter } from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { type ErrorCode, MokaError } from "../util/errors.js";

/** Throws an error at the filler's place in its file unless `condition` holds. */
export function checkFiller(
  filler: FillerParameter,
  condition: unknown,
  code: ErrorCode,
  reason: string,
): asserts condition {
  if (!condition) throw new MokaError(code, `${filler.type} filler: ${reason}`, { place: sourceOf(filler)?.place });
}
