import type { InterpolateGeometry } from "../../core/kernels.js";
import type { Arguments } from "./kernel.js";

export function upsample({ x, y, planes, input: [h, w], scale: [down, across] }: Arguments<"upsample">): void {
  let at = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let row = 0; row < h * down; row++) {
      const start = (plane * h + Math.trunc(row / down)) * w;
      for (let column = 0; column < w * across; column++) y[at++] = x[start + Math.trunc(column / across)];
    }
  }
}

export function upsampleBackward({
  dy,
  dx,
  planes,
  input: [h, w],
  scale: [down, across],
}: Arguments<"upsampleBackward">): void {
  dx.fill(0);
  for (let at = 0; at < planes * h * w; at++) {
    const first = Math.trunc(at / w) * down * across * w + (at % w) * across;
    for (let column = 0; column < across; column++) {
      for (let row = 0; row < down; row++) dx[at] += dy[first + row * across * w + column];
    }
  }
}

export function unpool({ x, mask, y, planes, inputs, outputs }: Arguments<"unpool">): void {
  y.fill(0);
  for (let i = 0; i < planes * inputs; i++) {
    const place = Math.trunc(mask[i]);
    if (mask[i] >= 0 && place < outputs) y[Math.trunc(i / inputs) * outputs + place] = x[i];
  }
}

export function unpoolBackward({ dy, mask, dx, planes, inputs, outputs }: Arguments<"unpoolBackward">): void {
  for (let i = 0; i < planes * inputs; i++) {
    const place = Math.trunc(mask[i]);
    dx[i] = mask[i] >= 0 && place < outputs ? dy[Math.trunc(i / inputs) * outputs + place] : 0;
  }
}

/** The two places of an output along an axis, and the share of the second. */
function placesOf(index: number, axis: 0 | 1, { first, size, ratio, offset }: InterpolateGeometry) {
  const position = Math.fround(Math.fround(index * ratio[axis]) + offset[axis]);
  const inside = Math.min(Math.max(position, 0), size[axis] - 1);
  const from = Math.trunc(inside);
  const low = first[axis] + from;
  return { low, high: from < size[axis] - 1 ? low + 1 : low, share: Math.fround(inside - from) };
}

/** Visits the four places of each output, with their weights. */
function eachWeight(geometry: InterpolateGeometry, visit: (at: number, place: number, weight: number) => void): void {
  const { planes, input, output } = geometry;
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < output[0]; i++) {
      const row = placesOf(i, 0, geometry);
      for (let j = 0; j < output[1]; j++) {
        const column = placesOf(j, 1, geometry);
        const at = (plane * output[0] + i) * output[1] + j;
        for (const [y, high] of [
          [row.low, 1 - row.share],
          [row.high, row.share],
        ] as const) {
          const start = (plane * input[0] + y) * input[1];
          visit(at, start + column.low, high * (1 - column.share));
          visit(at, start + column.high, high * column.share);
        }
      }
    }
  }
}

export function interpolate({ x, y, ...geometry }: Arguments<"interpolate">): void {
  const sums = new Float64Array(y.length);
  eachWeight(geometry, (at, place, weight) => {
    sums[at] = (sums[at] ?? 0) + weight * x[place];
  });
  y.set(sums);
}

export function interpolateBackward({ dy, dx, ...geometry }: Arguments<"interpolateBackward">): void {
  const sums = new Float64Array(dx.length);
  eachWeight(geometry, (at, place, weight) => {
    sums[place] = (sums[place] ?? 0) + weight * dy[at];
  });
  dx.set(sums);
}
