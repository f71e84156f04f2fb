import { type Case, kernelCase } from "../maker.js";

const sizes = [
  { n: 2, channels: 7, inner: 1 },
  { n: 1, channels: 5, inner: 3 },
  { n: 2, channels: 3, inner: 4 },
  { n: 2, channels: 12, inner: 9 },
  { n: 1, channels: 33, inner: 49 },
  { n: 3, channels: 1, inner: 17 },
  // Threads take some positions in chunks.
  { n: 2, channels: 20, inner: 901 },
  { n: 0, channels: 3, inner: 5 },
];

const parameters = [
  { size: 5, alpha: 1e-4, beta: 0.75, k: 1 },
  { size: 3, alpha: 0.9, beta: 0.5, k: 2 },
  { size: 1, alpha: 0.5, beta: 1, k: 1 },
  { size: 9, alpha: 2, beta: 0.75, k: 0.5 },
];

export const lrnCases: readonly Case[] = sizes.flatMap((shape) =>
  parameters.flatMap(({ k, ...rest }) => {
    const count = shape.n * shape.channels * shape.inner;
    const title = `${shape.n}×${shape.channels}×${shape.inner}, size ${rest.size} beta ${rest.beta}`;
    const given = { ...shape, ...rest };
    return [
      kernelCase("lrn", title, (m) => ({ x: m.normal(count), scale: m.out(count), y: m.out(count), k, ...given })),
      kernelCase("lrnBackward", title, (m) => ({
        x: m.normal(count),
        y: m.normal(count),
        scale: m.between(count, 1, 3),
        dy: m.normal(count),
        dx: m.out(count),
        ...given,
      })),
      kernelCase("lrnBackward", `${title} in place`, (m) => {
        const [x, y, scale, dy] = [m.normal(count), m.normal(count), m.between(count, 1, 3), m.normal(count)];
        return { x, y, scale, dy, dx: dy, ...given };
      }),
    ];
  }),
);
