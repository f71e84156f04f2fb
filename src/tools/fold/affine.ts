/** y = scale·x + shift, one entry a channel, or one for all. In double precision: rounded once, when it is folded. */
export interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  /** The shift with the signs of all its terms dropped: what its rounding errors are measured by. */
  readonly size: Float64Array;
}

/** `second` after `first`; one of the two may have one entry for all. */
export function compose(first: Affine, second: Affine): Affine {
  const channels = Math.max(first.scale.length, second.scale.length);
  const of = (values: Float64Array, channel: number) => entryOf(values, channel);
  const made = (entry: (channel: number) => number) => Float64Array.from({ length: channels }, (_, i) => entry(i));
  return {
    scale: made((i) => of(second.scale, i) * of(first.scale, i)),
    shift: made((i) => of(second.scale, i) * of(first.shift, i) + of(second.shift, i)),
    size: made((i) => Math.abs(of(second.scale, i)) * of(first.size, i) + of(second.size, i)),
  };
}

/** The entry of a channel, where one alone stands for all. */
export function entryOf(values: Float64Array, channel: number): number {
  return values[values.length === 1 ? 0 : channel] ?? 0;
}
