/** The distribution of a layer's values, one per channel. Values that are not finite are left out, and counted. */
export interface Distribution {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** The median; of an even number of values, the lower of the two in the middle. */
  readonly median: number;
  /** The number of values left out: those not finite or, on a logarithmic scale, not positive. */
  readonly leftOut: number;
  /** The number of values in each of the equally wide bins from min to max; if `isLog`, of their logarithms. */
  readonly histogram: readonly number[];
  readonly isLog: boolean;
}

/** The number of bins of a histogram. */
export const bins = 12;

/** @param isLog whether the histogram is over logarithms, for values that span powers of ten, such as variances */
export function distributionOf(values: ArrayLike<number>, isLog = false): Distribution {
  const finite = Float64Array.from(Array.from(values).filter(Number.isFinite)).sort();
  const placed = isLog ? finite.filter((value) => value > 0).map(Math.log) : finite;
  const [low = 0, high = 0] = [placed[0], placed.at(-1)];
  const histogram = Array<number>(bins).fill(0);
  // Values are halved only if their difference would be infinite: halving loses a digit of the smallest floats.
  const unit = Number.isFinite(high - low) ? 1 : 0.5;
  for (const value of placed) {
    const share = (unit * value - unit * low) / (unit * high - unit * low);
    const bin = high > low ? Math.min(bins - 1, Math.floor(share * bins)) : bins >> 1;
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
  const { length } = finite;
  return {
    min: finite[0] ?? Number.NaN,
    max: finite.at(-1) ?? Number.NaN,
    mean: length > 0 ? finite.reduce((a, b) => a + b, 0) / length : Number.NaN,
    median: finite[(length - 1) >> 1] ?? Number.NaN,
    leftOut: values.length - placed.length,
    histogram,
    isLog,
  };
}
