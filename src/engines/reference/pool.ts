import type { PoolGeometry } from "../../core/kernels.js";
import type { Arguments } from "./kernel.js";

interface Window {
  /** The index of the output. */
  readonly at: number;
  /** The first index of the plane. */
  readonly plane: number;
  /** Rows and columns under the window, cut to the image. */
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  /** The number of values under the window, with its padding unless that is excluded, but nothing beyond the padding. */
  readonly size: number;
}

function eachWindow(
  { planes, input: [h, w], output: [oh, ow], kernel, stride, pad, padAfter = pad, excludesPad }: PoolGeometry,
  visit: (window: Window) => void,
): void {
  for (let plane = 0; plane < planes; plane++) {
    for (let row = 0; row < oh; row++) {
      for (let column = 0; column < ow; column++) {
        const top = row * stride[0] - pad[0];
        const left = column * stride[1] - pad[1];
        const bottom = Math.min(top + kernel[0], h + padAfter[0]);
        const right = Math.min(left + kernel[1], w + padAfter[1]);
        const inside = {
          top: Math.max(top, 0),
          bottom: Math.min(bottom, h),
          left: Math.max(left, 0),
          right: Math.min(right, w),
        };
        const size = excludesPad
          ? (inside.bottom - inside.top) * (inside.right - inside.left)
          : (bottom - top) * (right - left);
        visit({ at: (plane * oh + row) * ow + column, plane: plane * h * w, ...inside, size });
      }
    }
  }
}

export function maxPool({ x, y, mask, ...geometry }: Arguments<"maxPool">): void {
  const width = geometry.input[1];
  eachWindow(geometry, ({ at, plane, top, bottom, left, right }) => {
    let largest = -3.4028234663852886e38;
    let where = -1;
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const index = row * width + column;
        if (x[plane + index] > largest) {
          largest = x[plane + index];
          where = index;
        }
      }
    }
    y[at] = largest;
    if (mask) mask[at] = where;
  });
}

export function maxPoolBackward({ dy, mask, dx, ...geometry }: Arguments<"maxPoolBackward">): void {
  dx.fill(0);
  eachWindow(geometry, ({ at, plane }) => {
    if (mask[at] >= 0) dx[plane + mask[at]] += dy[at];
  });
}

export function avePool({ x, y, ...geometry }: Arguments<"avePool">): void {
  const width = geometry.input[1];
  eachWindow(geometry, ({ at, plane, top, bottom, left, right, size }) => {
    let total = 0;
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) total += x[plane + row * width + column];
    }
    y[at] = total / size;
  });
}

export function avePoolBackward({ dy, dx, ...geometry }: Arguments<"avePoolBackward">): void {
  const width = geometry.input[1];
  dx.fill(0);
  eachWindow(geometry, ({ at, plane, top, bottom, left, right, size }) => {
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) dx[plane + row * width + column] += dy[at] / size;
    }
  });
}
