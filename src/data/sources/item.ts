import { MokaError } from "../../util/errors.js";
import type { LabeledImage } from "../labeled-image.js";

/** One image of a batch, read and decoded. */
export interface ImageItem<I extends LabeledImage = LabeledImage> {
  /** Its name in an error: `record 3 of train_lmdb`. */
  readonly what: string;
  readonly image: I;
  /** Whether it is the last one before the source begins again. */
  readonly isLast: boolean;
}

/** The error with `what` before its reason. Thrown values that are not a MokaError are returned unchanged. */
export function withSubject(what: string, error: unknown): unknown {
  return error instanceof MokaError ? new MokaError(error.code, `${what}: ${error.reason}`, { cause: error }) : error;
}

/** The fields of an unchecked position or state that was read from a file. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** Whether a value from a file is an integer from 0 to `last`. */
export function isIndex(value: unknown, last = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= last;
}

/** Whether a value from a file is a permutation of the integers from 0 to `count` − 1. */
export function isOrder(value: unknown, count: number): value is number[] {
  return (
    Array.isArray(value) &&
    value.length === count &&
    new Set(value).size === count &&
    value.every((item) => isIndex(item, count - 1))
  );
}
