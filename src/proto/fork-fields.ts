import type { DescField } from "@bufbuild/protobuf";

/**
 * Fields and enum values of Caffe's forks, in messages and enums that BVLC Caffe has too, have numbers from here on in the schema.
 * No file has these numbers: each fork has its own, see `dialects`.
 */
export const forkBase = 100_000_000;

/** Whether only forks of Caffe have this field. Fields of messages that only forks have do not count: nothing else leads there. */
export function isForkField({ number }: DescField): boolean {
  return number >= forkBase;
}
