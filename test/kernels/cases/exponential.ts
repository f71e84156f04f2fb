import type { Span } from "../../../src/core/span.js";
import { type Case, edgeCounts, kernelCase, type Maker } from "../maker.js";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const special = [nan, infinity, -infinity, 0, -0, 1, -1, 1e-20, -1e-20, 200, -200];
const n = special.length;

/** What goes through each kernel, and with which coefficients. */
const forwards = {
  exp: [
    { scale: 1, shift: 0 },
    { scale: Math.LN2 / 2, shift: Math.LN2 },
  ],
  log: [
    { scale: 1, shift: 0 },
    { scale: 2, shift: 0.1 },
  ],
  elu: [{ alpha: 1 }, { alpha: 0.25 }, { alpha: -0.5 }],
  softplus: [{}],
  swish: [{ beta: 1 }, { beta: 2.5 }, { beta: 0 }, { beta: -1 }],
  mish: [{}],
} as const;
const backwards = {
  log: "logBackward",
  softplus: "softplusBackward",
  swish: "swishBackward",
  mish: "mishBackward",
} as const;

/** Logarithms are of positive numbers. */
const values = (m: Maker, kernel: string, count: number): Span =>
  kernel === "log" ? m.between(count, 0.01, 5) : m.normal(count, 0, 3);

const forwardNames = Object.keys(forwards) as (keyof typeof forwards)[];
const backwardNames = Object.keys(backwards) as (keyof typeof backwards)[];
const titleOf = (options: object) => JSON.stringify(options);

const forward: readonly Case[] = forwardNames.flatMap((kernel) =>
  forwards[kernel].flatMap((options) => {
    const each = (
      title: string,
      make: (m: Maker) => { x: Span; y: Span },
      accuracy?: { tolerance: number; floor: number },
    ) => kernelCase(kernel, `${title} ${titleOf(options)}`, (m) => ({ ...make(m), ...options }) as never, accuracy);
    return [
      ...edgeCounts.map((count) => each(`${count} values`, (m) => ({ x: values(m, kernel, count), y: m.out(count) }))),
      each("37 values in place", (m) => {
        const x = values(m, kernel, 37);
        return { x, y: x };
      }),
      each("special values", (m) => ({ x: m.values(special), y: m.out(n) })),
      // One by one, so that the error is relative to each.
      ...[1e-30, 1e-9, 1e-5, 0.0009999, 0.001, 0.0010001, 0.4, 0.41421356, 0.7, 0.70710677, 1.5, 20, 60].flatMap((x) =>
        [x, ...(kernel === "log" ? [] : [-x])].map((one) =>
          each(`of ${one}`, (m) => ({ x: m.values([one]), y: m.out(1) }), { tolerance: 3e-7, floor: 1e-38 }),
        ),
      ),
      each("of many sizes", (m) => {
        const x = m.each(2081, (i) => (kernel === "log" ? 1.08 ** (i - 1000) : (i - 1040) / 12));
        return { x, y: m.out(2081) };
      }),
    ];
  }),
);

const backward: readonly Case[] = backwardNames.flatMap((kernel) =>
  forwards[kernel].flatMap((options) => {
    const each = (title: string, make: (m: Maker) => { x: Span; dy: Span; dx: Span }) =>
      kernelCase(backwards[kernel], `${title} ${titleOf(options)}`, (m) => ({ ...make(m), ...options }) as never);
    return [
      ...edgeCounts.map((count) =>
        each(`${count} values`, (m) => ({ x: values(m, kernel, count), dy: m.normal(count), dx: m.out(count) })),
      ),
      each("37 values in place", (m) => {
        const dy = m.normal(37);
        return { x: values(m, kernel, 37), dy, dx: dy };
      }),
      each("special values", (m) => ({
        x: m.values(special),
        dy: m.values([1, 2, 3, 4, 5, 6, nan, infinity, 1, -1, 0]),
        dx: m.out(n),
      })),
    ];
  }),
);

const eluBackward: readonly Case[] = forwards.elu.flatMap(({ alpha }) => [
  ...edgeCounts.map((count) =>
    kernelCase("eluBackward", `${count} values, alpha ${alpha}`, (m) => ({
      x: m.normal(count),
      y: m.normal(count),
      dy: m.normal(count),
      dx: m.out(count),
      alpha,
    })),
  ),
  kernelCase("eluBackward", `37 values in place, alpha ${alpha}`, (m) => {
    const [y, dy] = [m.normal(37), m.normal(37)];
    return { x: y, y, dy, dx: dy, alpha };
  }),
  kernelCase("eluBackward", `special values, alpha ${alpha}`, (m) => ({
    x: m.values(special),
    y: m.values([nan, infinity, -1, 0, 0, 1, -0.5, 1e-20, -1e-20, 200, -1]),
    dy: m.values([1, 2, 3, 4, 5, 6, nan, infinity, 1, -1, 0]),
    dx: m.out(n),
    alpha,
  })),
]);

const zeroScale: readonly Case[] = [
  kernelCase("exp", "of a constant", (m) => ({ x: m.normal(9), y: m.out(9), scale: 0, shift: 1.5 })),
  kernelCase("log", "of a constant", (m) => ({ x: m.normal(9), y: m.out(9), scale: 0, shift: 1.5 })),
  kernelCase("logBackward", "of a constant", (m) => ({
    x: m.normal(9),
    dy: m.normal(9),
    dx: m.out(9),
    scale: 0,
    shift: 1.5,
  })),
];

export const exponentialCases: readonly Case[] = [...forward, ...backward, ...eluBackward, ...zeroScale];
