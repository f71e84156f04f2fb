import { formatNumber } from "../../util/number-format.js";
import { countOf } from "../../util/shape.js";
import type { Batch } from "../batch-norm/batches.js";
import type { ChannelStatistics } from "../batch-norm/fit.js";

/** A change of the data on their way into a net: channels in reverse order first, then ×, then +. */
export interface InputChange {
  readonly isReversed: boolean;
  readonly scale: number;
  /** What is added to each channel, after the scale. */
  readonly shift: readonly number[];
}

export const noChange: InputChange = { isReversed: false, scale: 1, shift: [] };

/** The change in words, for data in which it was missing. */
export function describeChange({ isReversed, scale, shift }: InputChange): string {
  const added = shift.map((value) => formatNumber(value, 3)).join(", ");
  const words = [
    isReversed ? "their channels in reverse order (BGR and RGB)" : "",
    scale === 1 ? "" : `multiplied by about ${formatNumber(scale, 4)}${fraction(scale)}`,
    shift.some((value) => value !== 0) ? `moved by about ${added}` : "",
  ];
  return words.filter((word) => word !== "").join(", ");
}

function fraction(scale: number): string {
  const inverse = Math.round(1 / Math.abs(scale));
  return Math.abs(scale) < 0.5 && Math.abs(inverse * Math.abs(scale) - 1) < 0.03 ? ` (1/${inverse})` : "";
}

/** Changes the values of these blobs; channels are on axis 1. */
export function changeBatch(batch: Batch, names: ReadonlySet<string>, change: InputChange): Batch {
  return new Map(
    [...batch].map(([name, blob]) => {
      if (!names.has(name)) return [name, blob] as const;
      const { shape, data } = blob;
      const [images = 1, channels = 1] = shape;
      const inner = countOf(shape, 2);
      const result = new Float32Array(data.length);
      for (let image = 0; image < images; image++) {
        for (let channel = 0; channel < channels; channel++) {
          const from = (image * channels + (change.isReversed ? channels - 1 - channel : channel)) * inner;
          const to = (image * channels + channel) * inner;
          const shift = change.shift[channel] ?? 0;
          for (let i = 0; i < inner; i++) result[to + i] = (data[from + i] as number) * change.scale + shift;
        }
      }
      return [name, { shape, data: result }] as const;
    }),
  );
}

/** The usual scales of images, and their inverses. */
const usual = [255, 256, 127.5, 128, 1 / 0.017].flatMap((value) => [value, 1 / value]);

/** Whether a scale, or its opposite, is one that programs use. */
export function isUsualScale(scale: number): boolean {
  return Math.abs(scale) === 1 || usual.includes(Math.abs(scale));
}

/**
 * The scale of data that would give what reaches a BatchNorm its stored σ, if one number does for all channels; 1 where
 * it hardly differs from 1. The sign cannot be known from that.
 */
export function fittingScale(stored: ChannelStatistics, measured: ChannelStatistics): number | undefined {
  const ratios = Array.from(stored.variance, (value, c) => Math.sqrt(value / (measured.variance[c] ?? 0)))
    .filter((ratio) => Number.isFinite(ratio) && ratio > 0)
    .sort((a, b) => a - b);
  const at = (share: number) => ratios[Math.floor(share * (ratios.length - 1))] ?? Number.NaN;
  const scale = at(0.5);
  if (ratios.length < 2 || !(at(0.8) / at(0.2) < 1.5)) return undefined;
  if (Math.abs(scale - 1) < 0.05) return 1;
  const distance = (value: number) => Math.abs(scale / value - 1);
  const nearest = usual.reduce((best, value) => (distance(value) < distance(best) ? value : best));
  return distance(nearest) < 0.05 ? nearest : Number(scale.toPrecision(3));
}

/**
 * The shift of each channel of the data that moves the means at a BatchNorm to the stored ones, by least squares in units of
 * the stored σ.
 *
 * @param responses how far each mean moves if 1 is added to a channel, by channel of the data
 */
export function fittingShift(
  stored: ChannelStatistics,
  measured: ChannelStatistics,
  responses: readonly (readonly number[])[],
): number[] | undefined {
  const weights = Array.from(stored.variance, (value) => 1 / Math.max(value, 1e-12));
  const distances = Array.from(stored.mean, (value, c) => value - (measured.mean[c] ?? 0));
  const product = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, c) => sum + value * (b[c] ?? 0) * (weights[c] ?? 0), 0);
  const matrix = responses.map((a) => [...responses.map((b) => product(a, b)), product(a, distances)]);
  return solved(matrix);
}

/** Solves linear equations, whose rows end with the right side, by Gauss's elimination; undefined if they have no one solution. */
function solved(rows: number[][]): number[] | undefined {
  const size = rows.length;
  for (let i = 0; i < size; i++) {
    const pivot = rows.slice(i).reduce((best, row) => (Math.abs(row[i] ?? 0) > Math.abs(best[i] ?? 0) ? row : best));
    const lead = pivot[i] ?? 0;
    if (!(Math.abs(lead) > 1e-12)) return undefined;
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(i, 0, pivot);
    for (const row of rows) {
      if (row === pivot) continue;
      const share = (row[i] ?? 0) / lead;
      for (let j = i; j <= size; j++) row[j] = (row[j] ?? 0) - share * (pivot[j] ?? 0);
    }
  }
  return rows.map((row, i) => (row[size] ?? 0) / (row[i] ?? 1));
}
