import { MokaError } from "../../util/errors.js";
import type { Picture } from "../picture.js";

/** One image of a batch, read and decoded. */
export interface PictureItem {
  /** What to call it in an error: `record 3 of train_lmdb`. */
  readonly what: string;
  readonly picture: Picture;
  /** Whether the source begins again behind it. */
  readonly isLast: boolean;
}

/** The same error with what it is about in front; other things that were thrown stay as they are. */
export function about(what: string, error: unknown): unknown {
  return error instanceof MokaError ? new MokaError(error.code, `${what}: ${error.reason}`, { cause: error }) : error;
}

/** The fields of a position or state read from a file, of which nothing is known yet. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** Whether a value from a file is a whole number from 0 to `last`. */
export function isIndex(value: unknown, last = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= last;
}

/** Whether a value from a file is the numbers below `count` in some order. */
export function isOrder(value: unknown, count: number): value is number[] {
  return Array.isArray(value) && value.length === count && new Set(value).size === count && value.every(isBelow(count));
}

const isBelow = (count: number) => (item: unknown) => isIndex(item, count - 1);
