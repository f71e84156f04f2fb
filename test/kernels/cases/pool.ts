import type { PoolGeometry } from "../../../src/core/kernels.js";
import { maxPool } from "../../../src/engines/reference/pool.js";
import { type Case, kernelCase } from "../maker.js";

type Pair = readonly [number, number];

export interface Pooling {
  readonly planes: number;
  readonly input: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Pair;
  readonly padAfter?: Pair;
  readonly excludesPad?: boolean;
}

/** The geometry of Caffe's layer, whose last window may reach over the edge; 1 where it would start beyond it. */
export function poolGeometry({ planes, input, kernel, stride, pad, ...after }: Pooling): PoolGeometry {
  const { padAfter = pad } = after;
  const pooled = (i: 0 | 1) => {
    const steps = Math.ceil((input[i] + pad[i] + padAfter[i] - kernel[i]) / stride[i]) + 1;
    return Math.max(
      1,
      pad[0] + pad[1] + padAfter[0] + padAfter[1] > 0 && (steps - 1) * stride[i] >= input[i] + pad[i]
        ? steps - 1
        : steps,
    );
  };
  return { planes, input, kernel, stride, pad, ...after, output: [pooled(0), pooled(1)] };
}

const nan = Number.NaN;

/** Where many windows overlap, sums may be much smaller than what they are sums of. */
const overlapping = { floor: 0.1 };

/** All four kernels, and masks as they are and as none would be. Few different values, so that many are equal. */
export function pooling(described: Pooling): Case[] {
  const geometry = poolGeometry(described);
  const { planes, input, output, kernel, stride, pad } = geometry;
  const inputs = planes * input[0] * input[1];
  const outputs = planes * output[0] * output[1];
  const after = `${described.padAfter ? ` and ${described.padAfter.join("×")}` : ""}${described.excludesPad ? ", excluded" : ""}`;
  const title = `${planes}×${input.join("×")}, kernel ${kernel.join("×")} stride ${stride.join("×")} pad ${pad.join("×")}${after}`;
  return [
    kernelCase("maxPool", title, (m) => ({
      x: m.normal(inputs),
      y: m.out(outputs),
      mask: m.out(outputs),
      ...geometry,
    })),
    kernelCase("maxPool", `${title}, with equals`, (m) => ({
      x: m.whole(inputs, 3),
      y: m.out(outputs),
      mask: m.out(outputs),
      ...geometry,
    })),
    kernelCase("maxPool", `${title}, without mask`, (m) => ({
      x: m.normal(inputs),
      y: m.out(outputs),
      mask: undefined,
      ...geometry,
    })),
    kernelCase(
      "maxPoolBackward",
      `${title}, masks of forward`,
      (m) => {
        const mask = m.out(outputs);
        maxPool({ x: m.normal(inputs).array, y: new Float32Array(outputs), mask: mask.array, ...geometry });
        return { dy: m.normal(outputs), mask, dx: m.out(inputs), ...geometry };
      },
      overlapping,
    ),
    kernelCase("maxPoolBackward", title, (m) => {
      const mask = m.whole(outputs, input[0] * input[1]);
      for (let i = 2; i < outputs; i += 5) mask.array[i] = -1;
      return { dy: m.normal(outputs), mask, dx: m.out(inputs), ...geometry };
    }),
    kernelCase("avePool", title, (m) => ({ x: m.normal(inputs), y: m.out(outputs), ...geometry })),
    kernelCase(
      "avePoolBackward",
      title,
      (m) => ({ dy: m.normal(outputs), dx: m.out(inputs), ...geometry }),
      overlapping,
    ),
  ];
}

const poolings: readonly Pooling[] = [
  { planes: 6, input: [24, 24], kernel: [2, 2], stride: [2, 2], pad: [0, 0] },
  // Threads take some planes in chunks.
  { planes: 41, input: [33, 34], kernel: [3, 2], stride: [2, 2], pad: [1, 0] },
  { planes: 1, input: [4, 16], kernel: [2, 2], stride: [2, 2], pad: [0, 0] },
  { planes: 3, input: [55, 55], kernel: [3, 3], stride: [2, 2], pad: [0, 0] },
  { planes: 3, input: [32, 32], kernel: [3, 3], stride: [2, 2], pad: [0, 0] },
  { planes: 2, input: [14, 13], kernel: [3, 3], stride: [1, 1], pad: [1, 1] },
  { planes: 2, input: [15, 21], kernel: [2, 2], stride: [2, 2], pad: [0, 0] },
  { planes: 3, input: [14, 15], kernel: [3, 3], stride: [2, 2], pad: [1, 1] },
  { planes: 2, input: [9, 12], kernel: [2, 2], stride: [1, 1], pad: [0, 0] },
  { planes: 5, input: [7, 7], kernel: [7, 7], stride: [1, 1], pad: [0, 0] },
  { planes: 2, input: [19, 23], kernel: [19, 23], stride: [1, 1], pad: [0, 0] },
  { planes: 2, input: [11, 16], kernel: [3, 5], stride: [3, 2], pad: [1, 2] },
  { planes: 2, input: [9, 9], kernel: [5, 5], stride: [1, 1], pad: [2, 2] },
  { planes: 2, input: [12, 30], kernel: [1, 9], stride: [1, 2], pad: [0, 3] },
  { planes: 2, input: [8, 9], kernel: [2, 2], stride: [3, 3], pad: [0, 0] },
  { planes: 2, input: [1, 1], kernel: [1, 1], stride: [1, 1], pad: [0, 0] },
  { planes: 2, input: [2, 3], kernel: [3, 3], stride: [2, 2], pad: [1, 1] },
  { planes: 2, input: [9, 16], kernel: [3, 3], stride: [2, 2], pad: [0, 0], padAfter: [1, 1] },
  { planes: 2, input: [9, 16], kernel: [2, 2], stride: [2, 2], pad: [0, 0], padAfter: [1, 1] },
  { planes: 2, input: [8, 15], kernel: [3, 3], stride: [1, 1], pad: [2, 0], padAfter: [0, 2] },
  { planes: 2, input: [8, 13], kernel: [3, 3], stride: [1, 1], pad: [1, 1], excludesPad: true },
  { planes: 2, input: [8, 13], kernel: [3, 2], stride: [2, 2], pad: [1, 1], padAfter: [2, 1], excludesPad: true },
  { planes: 2, input: [7, 7], kernel: [9, 9], stride: [9, 9], pad: [1, 1], excludesPad: true },
  { planes: 0, input: [4, 4], kernel: [2, 2], stride: [2, 2], pad: [0, 0] },
];

export const poolCases: readonly Case[] = [
  ...poolings.flatMap(pooling),
  ...[1, 2].map((step) =>
    kernelCase("maxPool", `what is not a number or infinite, stride ${step}`, (m) => {
      const geometry = poolGeometry({ planes: 1, input: [4, 10], kernel: [2, 2], stride: [step, step], pad: [0, 0] });
      const x = m.normal(40);
      [nan, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, nan, nan].forEach((value, i) => {
        x.array[i] = value;
        x.array[10 + i] = i < 3 ? -1 - i : nan;
      });
      x.array.fill(Number.NEGATIVE_INFINITY, 26, 30);
      x.array.fill(nan, 36, 40);
      const outputs = geometry.output[0] * geometry.output[1];
      return { x, y: m.out(outputs), mask: m.out(outputs), ...geometry };
    }),
  ),
  ...[1, 2].map((planes) =>
    kernelCase("maxPool", `${planes} whole planes, of which one has nothing to be found`, (m) => {
      const x = m.values([nan, 3, -4, nan, 3, 3, 2, ...Array(7).fill(Number.NEGATIVE_INFINITY)].slice(0, 7 * planes));
      const geometry = poolGeometry({ planes, input: [1, 7], kernel: [1, 7], stride: [1, 1], pad: [0, 0] });
      return { x, y: m.out(planes), mask: m.out(planes), ...geometry };
    }),
  ),
  kernelCase("maxPoolBackward", "masks that are no place in the plane", (m) => ({
    dy: m.normal(4),
    mask: m.values([-1, 16, nan, 3]),
    dx: m.out(16),
    ...poolGeometry({ planes: 1, input: [4, 4], kernel: [2, 2], stride: [2, 2], pad: [0, 0] }),
  })),
];
