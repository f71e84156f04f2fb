/**
 * The part of a source that a rank takes. The items of a source are taken in groups, by all ranks in turn: of every `size`
 * groups, a rank takes the one with its own number.
 */
export interface Share {
  /** The number of the rank, from 0 to `size` − 1. */
  readonly rank: number;
  readonly size: number;
  /** The number of items of a group. A batch is one group or more. */
  readonly group: number;
}

/** All items, for one process. */
export const wholeSource: Share = { rank: 0, size: 1, group: 1 };

/**
 * The share of a rank. In TRAIN a group is one item, as in Caffe: the ranks' batches together have the items of one batch of
 * `size`·`batchSize`. In TEST a group is a batch: the ranks together take the batches that one process would take.
 */
export function shareOf(
  { rank, size }: { readonly rank: number; readonly size: number },
  phase: "TRAIN" | "TEST",
  batchSize: number,
): Share {
  return { rank, size, group: phase === "TRAIN" && size > 1 ? 1 : batchSize };
}

/** The number of items between the first item of the group that comes next in the source, and the first of this rank's. */
export function itemsBefore({ rank, group }: Share): number {
  return rank * group;
}

/** The number of items from one that a rank takes to the next that it takes, after it took `taken` items of its batch. */
export function stepAfter({ size, group }: Share, taken: number): number {
  return taken % group === 0 ? 1 + group * (size - 1) : 1;
}

/**
 * What the log says at the start of a training whose ranks' batches do not divide a pass over the source; undefined if they
 * do, or if one process takes all.
 *
 * @param items the number of items of a pass; undefined if it is not known
 * @param what the name of the items: `records`
 */
export function unevenShares(
  { size }: Share,
  batchSize: number,
  items: number | undefined,
  what: string,
): string | undefined {
  if (size === 1) return undefined;
  const batches = `${size} ranks with batch_size ${batchSize}`;
  const goesOn = "the last batches of a pass go on with the first ones, as those of one process do";
  if (items === undefined) return `If the ${what} do not divide by ${batches}, ${goesOn}`;
  if (items % (size * batchSize) === 0) return undefined;
  const others = items % size === 0 ? "" : `, and each rank takes other ${what} in each pass`;
  return `${items} ${what} do not divide by ${batches}: ${goesOn}${others}`;
}
