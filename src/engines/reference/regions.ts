import type { RegionGeometry } from "../../core/kernels.js";
import type { FloatArray } from "../../core/span.js";
import type { Arguments } from "./kernel.js";

const f32 = Math.fround;

/** One axis of a region: where it starts and ends, and the size of its bins. */
interface Axis {
  readonly start: number;
  readonly end: number;
  readonly bin: number;
}

/** Half away from zero, as in C. */
const round = (value: number) => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
const clip = (value: number, size: number) => Math.min(Math.max(value, 0), size);

/** The axis of a region that is scaled, then rounded: it includes its last place. */
function roundedAxis(from: number, to: number, bins: number, scale: number): Axis {
  const start = round(f32(f32(from) * scale));
  const end = round(f32(f32(to) * scale));
  return { start, end, bin: f32(f32(Math.max(end - start + 1, 1)) / bins) };
}

/** The places under a bin of such an axis. */
function roundedBin({ start, bin }: Axis, index: number, size: number): [number, number] {
  const from = Math.floor(f32(index * bin)) + start;
  const to = Math.ceil(f32((index + 1) * bin)) + start;
  return [clip(from, size), clip(to, size)];
}

/** The axis of a region that is rounded, then scaled: it ends before its last place. */
function scaledAxis(from: number, to: number, bins: number, scale: number): Axis {
  const start = f32(round(f32(from)) * scale);
  const end = f32(f32(round(f32(to)) + 1) * scale);
  return { start, end, bin: f32(f32(Math.max(f32(end - start), 0.1)) / bins) };
}

function scaledBin({ start, bin }: Axis, index: number, size: number): [number, number] {
  const from = Math.floor(f32(f32(index * bin) + start));
  const to = Math.ceil(f32(f32((index + 1) * bin) + start));
  return [clip(from, size), clip(to, size)];
}

interface Bin {
  /** The index of the output. */
  readonly at: number;
  /** The first index of the channel that the bin lies on, if the output's channel is `channel`. */
  readonly image: number;
  readonly channel: number;
  readonly i: number;
  readonly j: number;
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
  readonly y: Axis;
  readonly x: Axis;
}

function eachBin(
  { channels, regions, input: [h, w], output: [oh, ow], scale }: RegionGeometry,
  rois: FloatArray,
  [axisOf, binOf]: readonly [typeof roundedAxis, typeof roundedBin],
  visit: (bin: Bin) => void,
): void {
  for (let region = 0; region < regions; region++) {
    const [image = 0, x1 = 0, y1 = 0, x2 = 0, y2 = 0] = rois.subarray(region * 5, region * 5 + 5);
    const x = axisOf(x1, x2, ow, scale);
    const y = axisOf(y1, y2, oh, scale);
    for (let channel = 0; channel < channels; channel++) {
      for (let i = 0; i < oh; i++) {
        for (let j = 0; j < ow; j++) {
          const at = ((region * channels + channel) * oh + i) * ow + j;
          const rows = binOf(y, i, h);
          visit({ at, image: Math.trunc(image), channel, i, j, rows, columns: binOf(x, j, w), y, x });
        }
      }
    }
  }
}

const rounded = [roundedAxis, roundedBin] as const;
const scaled = [scaledAxis, scaledBin] as const;

export function regionMax({ x, rois, y, mask, ...geometry }: Arguments<"regionMax">): void {
  const [h, w] = geometry.input;
  eachBin(geometry, rois, rounded, ({ at, image, channel, rows, columns }) => {
    const plane = (image * geometry.channels + channel) * h * w;
    const isEmpty = rows[1] <= rows[0] || columns[1] <= columns[0];
    let largest = isEmpty ? 0 : -3.4028234663852886e38;
    let where = -1;
    for (let row = rows[0]; row < rows[1]; row++) {
      for (let column = columns[0]; column < columns[1]; column++) {
        const value = x[plane + row * w + column];
        if (value > largest) {
          largest = value;
          where = row * w + column;
        }
      }
    }
    y[at] = largest;
    mask[at] = where;
  });
}

/** Whether a place has a gradient from the bin of this index. */
function belongs({ start, end, bin }: Axis, place: number, index: number): boolean {
  return (
    place >= start &&
    place <= end &&
    index >= Math.floor(f32((place - start) / bin)) &&
    index < Math.ceil(f32((place - start + 1) / bin))
  );
}

export function regionMaxBackward({ rois, dy, mask, dx, ...geometry }: Arguments<"regionMaxBackward">): void {
  const [h, w] = geometry.input;
  dx.fill(0);
  eachBin(geometry, rois, rounded, ({ at, image, channel, i, j, x, y }) => {
    const where = mask[at];
    if (!(where >= 0 && where < h * w)) return;
    if (!belongs(y, Math.floor(where / w), i) || !belongs(x, where % w, j)) return;
    dx[(image * geometry.channels + channel) * h * w + where] += dy[at];
  });
}

export function regionAverage({ x, rois, y, ...geometry }: Arguments<"regionAverage">): void {
  eachPlaneBin(geometry, rois, ({ at, rows, columns }, plane, area) => {
    let total = 0;
    for (let row = rows[0]; row < rows[1]; row++) {
      for (let column = columns[0]; column < columns[1]; column++) total += x[plane + row * geometry.input[1] + column];
    }
    y[at] = area > 0 ? total / area : 0;
  });
}

export function regionAverageBackward({ rois, dy, dx, ...geometry }: Arguments<"regionAverageBackward">): void {
  dx.fill(0);
  eachPlaneBin(geometry, rois, ({ at, rows, columns }, plane, area) => {
    for (let row = rows[0]; row < rows[1]; row++) {
      for (let column = columns[0]; column < columns[1]; column++) {
        dx[plane + row * geometry.input[1] + column] += dy[at] / area;
      }
    }
  });
}

/** Visits the bins of averages, each with the first index of its plane and the number of places under it. */
function eachPlaneBin(
  geometry: RegionGeometry,
  rois: FloatArray,
  visit: (bin: Bin, plane: number, area: number) => void,
): void {
  const {
    channels,
    input: [h, w],
    output: [oh, ow],
  } = geometry;
  eachBin(geometry, rois, scaled, (bin) => {
    const { image, channel, i, j, rows, columns } = bin;
    const plane = (((image * channels + channel) * oh + i) * ow + j) * h * w;
    visit(bin, plane, Math.max(0, rows[1] - rows[0]) * Math.max(0, columns[1] - columns[0]));
  });
}
