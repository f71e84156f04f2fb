/** y = scale·x + shift, one entry per channel or one for all channels. In double precision; folding rounds it once. */
export interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  /** The sum of the magnitudes of the shift's terms, which bounds its rounding errors. */
  readonly size: Float64Array;
}

/** The map that does not change values. */
export const identity: Affine = {
  scale: Float64Array.of(1),
  shift: Float64Array.of(0),
  size: Float64Array.of(0),
};

/** `second` after `first`; either may have one entry for all channels. */
export function compose(first: Affine, second: Affine): Affine {
  const channels = Math.max(first.scale.length, second.scale.length);
  const made = (entry: (channel: number) => number) => Float64Array.from({ length: channels }, (_, i) => entry(i));
  return {
    scale: made((i) => entryOf(second.scale, i) * entryOf(first.scale, i)),
    shift: made((i) => entryOf(second.scale, i) * entryOf(first.shift, i) + entryOf(second.shift, i)),
    size: made((i) => Math.abs(entryOf(second.scale, i)) * entryOf(first.size, i) + entryOf(second.size, i)),
  };
}

/** The entry of a channel; a single entry is for all channels. */
export function entryOf(values: Float64Array, channel: number): number {
  return values[values.length === 1 ? 0 : channel] ?? 0;
}
