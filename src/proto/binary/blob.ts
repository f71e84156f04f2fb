import { create, isFieldSet } from "@bufbuild/protobuf";
import { check } from "../../util/errors.js";
import type { Shape } from "../../util/shape.js";
import { type BlobProto, BlobProtoSchema } from "../gen/caffe_pb.js";
import { type FieldValues, keepFieldValues, keptFieldValues } from "./field-values.js";
import { dropRawValues, rawValues } from "./raw-values.js";

/** The numbers of one BlobProto, as Caffe's Blob has them. */
export interface BlobValues {
  readonly data: Float32Array;
  /** Gradients; Caffe writes them only with `snapshot_diff`. */
  readonly diff?: Float32Array | undefined;
}

/** The names of these fields by field number, in the order in which they are written. */
export const numberFields: ReadonlyMap<number, keyof FieldValues> = new Map([
  [5, "data"],
  [6, "diff"],
  [8, "doubleData"],
  [9, "doubleDiff"],
]);

/** The values of the number fields of `blob`, whether it was read from binary or from text. */
export function fieldValues(blob: BlobProto): FieldValues {
  return keptFieldValues(blob) ?? fromLists(blob);
}

/**
 * The values of a blob: NVCaffe's `raw_data` where it has any, else `double_data`, else `data`, as NVCaffe and Caffe read
 * them.
 *
 * Single precision values are a view of the file's bytes, where the alignment allows it. Values of half and double
 * precision are converted again by each call. `blobShape` gives the shape; the caller must check that the counts agree.
 */
export function blobValues(blob: BlobProto): BlobValues {
  const fields = fieldValues(blob);
  const raw = rawValues(blob);
  const data = raw?.data ?? singles(fields.doubleData, fields.data) ?? new Float32Array(0);
  const diff = raw?.diff ?? singles(fields.doubleDiff, fields.diff);
  return diff ? { data, diff } : { data };
}

/** Replaces the values of a blob. The arrays are not copied: `writeNet` writes what they hold when it is called. */
export function setBlobValues(blob: BlobProto, values: FieldValues): void {
  dropRawValues(blob);
  keepFieldValues(blob, values);
}

/** A message for a blob of this shape. The values are not copied, as in `setBlobValues`. */
export function makeBlob(shape: Shape, values: BlobValues): BlobProto {
  const blob = create(BlobProtoSchema, { shape: { dim: shape.map((size) => BigInt(size)) } });
  setBlobValues(blob, values);
  return blob;
}

/**
 * The shape of a blob: the field `shape`; or, where a file from before 2014 sets any of them, `num`, `channels`,
 * `height` and `width`, which are always 4 axes (a bias is 1 1 1 N there).
 */
export function blobShape(blob: BlobProto): number[] {
  const { num, channels, height, width } = BlobProtoSchema.field;
  const isLegacy = [num, channels, height, width].some((field) => isFieldSet(blob, field));
  const shape = isLegacy
    ? [blob.num, blob.channels, blob.height, blob.width]
    : (blob.shape?.dim ?? []).map((size) => Number(size));
  for (const size of shape) check(size >= 0 && size < 2 ** 31, "MOKA_SHAPE", `a blob with an axis of ${size}`);
  return shape;
}

/** `double` in single precision, or `single` where `double` has no values. */
function singles(double: Float64Array | undefined, single: Float32Array | undefined): Float32Array | undefined {
  if (double?.length) return Float32Array.from(double);
  return single?.length ? single : undefined;
}

function fromLists(blob: BlobProto): FieldValues {
  return {
    data: Float32Array.from(blob.data),
    diff: Float32Array.from(blob.diff),
    doubleData: Float64Array.from(blob.doubleData),
    doubleDiff: Float64Array.from(blob.doubleDiff),
  };
}
