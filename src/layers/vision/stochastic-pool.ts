import type { PoolGeometry } from "../../core/kernels.js";
import type { FloatArray } from "../../core/span.js";

/**
 * Writes to y a value under each window, drawn with probability value/sum, and to mask its index in the plane. It is
 * the first value at which the running sum reaches draw·sum, or the last value if negative values prevent that. With
 * nothing under the window y = 0 and mask = −1.
 *
 * @param draws one number for each y, from 0 to 1
 */
export function drawPool(
  x: FloatArray,
  draws: Float32Array,
  y: FloatArray,
  mask: FloatArray,
  geometry: PoolGeometry,
): void {
  eachWindow(geometry, (at, plane, indices) => {
    let total = 0;
    for (const index of indices) total += x[plane + index] ?? 0;
    const threshold = (draws[at] ?? 0) * total;
    let sum = 0;
    const drawn = indices.find((index) => {
      sum += x[plane + index] ?? 0;
      return sum >= threshold;
    });
    const index = drawn ?? indices.at(-1) ?? -1;
    y[at] = x[plane + index] ?? 0;
    mask[at] = index;
  });
}

/** y = Σ x²/Σ x under each window, the mean of what `drawPool` draws; 0 where Σ x is not greater than 0. */
export function meanPool(x: FloatArray, y: FloatArray, geometry: PoolGeometry): void {
  eachWindow(geometry, (at, plane, indices) => {
    const { sum, squares } = sums(x, plane, indices);
    y[at] = sum > 0 ? squares / sum : 0;
  });
}

/** dx = dy·(2·x − y)/Σ x, added up over the windows; 0 for windows where Σ x is not greater than 0. */
export function meanPoolBackward(x: FloatArray, dy: FloatArray, dx: FloatArray, geometry: PoolGeometry): void {
  const gradients = new Float64Array(dx.length);
  eachWindow(geometry, (at, plane, indices) => {
    const { sum, squares } = sums(x, plane, indices);
    if (!(sum > 0)) return;
    const y = squares / sum;
    for (const index of indices) {
      const gradient = ((dy[at] ?? 0) * (2 * (x[plane + index] ?? 0) - y)) / sum;
      gradients[plane + index] = (gradients[plane + index] ?? 0) + gradient;
    }
  });
  dx.set(gradients);
}

function sums(x: FloatArray, plane: number, indices: readonly number[]): { sum: number; squares: number } {
  let sum = 0;
  let squares = 0;
  for (const index of indices) {
    const value = x[plane + index] ?? 0;
    sum += value;
    squares += value * value;
  }
  return { sum, squares };
}

/** Visits every output, with the index at which its plane begins and the indices in the plane under its window. */
function eachWindow(
  { planes, input: [h, w], output: [oh, ow], kernel, stride }: PoolGeometry,
  visit: (at: number, plane: number, indices: readonly number[]) => void,
): void {
  for (let at = 0; at < planes * oh * ow; at++) {
    const top = (Math.floor(at / ow) % oh) * stride[0];
    const left = (at % ow) * stride[1];
    const indices: number[] = [];
    for (let row = top; row < Math.min(top + kernel[0], h); row++) {
      for (let column = left; column < Math.min(left + kernel[1], w); column++) indices.push(row * w + column);
    }
    visit(at, Math.floor(at / (oh * ow)) * h * w, indices);
  }
}
