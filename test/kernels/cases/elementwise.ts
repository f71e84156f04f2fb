import { type Case, edgeCounts, kernelCase } from "../maker.js";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const special = [nan, infinity, -infinity, 0, -0, 1, -2.5];

const sized = (make: (count: number) => Case[]): Case[] => edgeCounts.flatMap(make);

export const elementwiseCases: readonly Case[] = [
  ...sized((n) => [
    kernelCase("fill", `${n} values`, (m) => ({ y: m.out(n), value: 1.25 })),
    kernelCase("fill", `${n} zeros`, (m) => ({ y: m.normal(n), value: 0 })),
    kernelCase("copy", `${n} values`, (m) => ({ x: m.normal(n), y: m.out(n) })),
    kernelCase("axpby", `${n} values, b = 0`, (m) => ({ x: m.normal(n), y: m.out(n), a: -2.5, b: 0 })),
    kernelCase("axpby", `${n} values`, (m) => ({ x: m.normal(n), y: m.normal(n), a: 0.3, b: -1.7 })),
    kernelCase("axpby", `${n} values in place`, (m) => {
      const y = m.normal(n);
      return { x: y, y, a: 0.3, b: 1.7 };
    }),
    kernelCase("mul", `${n} values`, (m) => ({ a: m.normal(n), b: m.normal(n), y: m.out(n) })),
    kernelCase("mul", `${n} values in place of the second`, (m) => {
      const b = m.normal(n);
      return { a: m.normal(n), b, y: b };
    }),
    kernelCase("mul", `${n} squares in place`, (m) => {
      const a = m.normal(n);
      return { a, b: a, y: a };
    }),
    kernelCase("div", `${n} values`, (m) => ({ a: m.normal(n), b: m.between(n, 0.5, 2), y: m.out(n) })),
    kernelCase("div", `${n} values in place`, (m) => {
      const a = m.normal(n);
      return { a, b: m.between(n, -2, -0.5), y: a };
    }),
    kernelCase("dropout", `${n} values`, (m) => ({ x: m.normal(n), mask: m.whole(n, 2), y: m.out(n), scale: 2 })),
    kernelCase("dropout", `${n} values in place`, (m) => {
      const x = m.normal(n);
      return { x, mask: m.whole(n, 2), y: x, scale: 1.25 };
    }),
    kernelCase("scaleBy", `${n} values`, (m) => ({
      x: m.normal(n),
      multiplier: m.values([0.7]),
      y: m.out(n),
      alpha: -1 / 3,
    })),
    kernelCase("scaleBy", `${n} values in place`, (m) => {
      const x = m.normal(n);
      return { x, multiplier: m.values([3]), y: x, alpha: 0.1 };
    }),
    kernelCase("dot", `${n} values`, (m) => ({ a: m.normal(n), b: m.normal(n, 2), y: m.out(1), alpha: 0.5 })),
    kernelCase("maxOf", `${n} values`, (m) => ({
      x: m.whole(n, 4),
      y: m.whole(n, 4),
      mask: m.whole(n, 2),
      index: 2,
      ties: false,
    })),
    kernelCase("maxOf", `${n} values, ties`, (m) => ({
      x: m.whole(n, 4),
      y: m.whole(n, 4),
      mask: m.whole(n, 1),
      index: 1,
      ties: true,
    })),
    kernelCase("maxOfBackward", `${n} values`, (m) => ({
      dy: m.normal(n),
      mask: m.whole(n, 3),
      dx: m.out(n),
      index: 1,
    })),
    kernelCase("maxOfBackward", `${n} values in place`, (m) => {
      const dx = m.normal(n);
      return { dy: dx, mask: m.whole(n, 2), dx, index: 0 };
    }),
    kernelCase("sum", `${n} values of one`, (m) => ({ xs: [m.normal(n)], coefficients: [-1.5], y: m.out(n) })),
    kernelCase("sum", `${n} values of five`, (m) => ({
      xs: [m.normal(n), m.normal(n), m.normal(n), m.normal(n), m.normal(n)],
      coefficients: [1, -1, 0.25, 3, 0],
      y: m.out(n),
    })),
    ...[0, 0.2].map((negativeSlope) =>
      kernelCase("sumFused", `${n} values of two, negativeSlope ${negativeSlope}`, (m) => {
        const first = m.normal(n);
        return {
          xs: [first, m.normal(n)],
          coefficients: [1, 0.5],
          y: negativeSlope === 0 ? m.out(n) : first,
          negativeSlope,
        };
      }),
    ),
    kernelCase("sum", `${n} values in place of the last`, (m) => {
      const last = m.normal(n);
      const first = m.normal(n);
      return { xs: [first, first, last], coefficients: [1, 0.5, 2], y: last };
    }),
  ]),
  kernelCase("fill", "not a number", (m) => ({ y: m.normal(9), value: nan })),
  kernelCase("fill", "a negative zero", (m) => ({ y: m.normal(9), value: -0 })),
  kernelCase("copy", "in place", (m) => {
    const x = m.normal(100);
    return { x, y: x };
  }),
  kernelCase("sum", "of nothing", (m) => ({ xs: [], coefficients: [], y: m.out(21) })),
  kernelCase("sum", "of infinities", (m) => ({
    xs: [m.values(special), m.values([1, 1, 1, infinity, 1, nan, 1])],
    coefficients: [1, -1],
    y: m.out(special.length),
  })),
  kernelCase("axpby", "infinities", (m) => ({ x: m.values(special), y: m.values(special), a: 1, b: -1 })),
  kernelCase("mul", "infinities", (m) => ({ a: m.values(special), b: m.whole(7, 2), y: m.out(7) })),
  kernelCase("div", "by zero", (m) => ({ a: m.values(special), b: m.values([0, 0, 0, 0, 0, 0, -0]), y: m.out(7) })),
  kernelCase("dropout", "infinities", (m) => ({ x: m.values(special), mask: m.whole(7, 2), y: m.out(7), scale: 2 })),
  kernelCase("dot", "of a vector with itself", (m) => {
    const a = m.normal(100_003, 1000);
    return { a, b: a, y: m.out(1), alpha: 1 };
  }),
  kernelCase("dot", "a hundred thousand values that cancel", (m) => {
    const a = m.normal(100_000);
    return { a, b: m.each(100_000, (i) => (i % 2 === 0 ? 1 : -0.999)), y: m.out(1), alpha: 2 };
  }),
  ...[false, true].map((ties) =>
    kernelCase("maxOf", `what is not a number${ties ? ", ties" : ""}`, (m) => ({
      x: m.values([nan, 1, nan, infinity, -infinity, 0, 2]),
      y: m.values([1, nan, nan, infinity, -infinity, -0, infinity]),
      mask: m.values([5, 5, 5, 5, 5, 5, 5]),
      index: 1,
      ties,
    })),
  ),
  ...[1, 2, 3, 4, 7, 16, 127, 128, 129, 1000].flatMap((width) => [
    kernelCase("copyRows", `rows of ${width} into a wider array`, (m) => ({
      x: m.normal(5 * width),
      y: m.normal(5 * (width + 3) - 3),
      rows: 5,
      width,
      xStride: width,
      yStride: width + 3,
    })),
    kernelCase("copyRows", `rows of ${width} out of a wider array`, (m) => ({
      x: m.normal(4 * (2 * width + 1)),
      y: m.normal(4 * width),
      rows: 4,
      width,
      xStride: 2 * width + 1,
      yStride: width,
    })),
  ]),
  kernelCase("copyRows", "no rows", (m) => ({
    x: m.normal(3),
    y: m.normal(3),
    rows: 0,
    width: 5,
    xStride: 5,
    yStride: 5,
  })),
  kernelCase("copyRows", "empty rows", (m) => ({
    x: m.normal(30),
    y: m.normal(3),
    rows: 3,
    width: 0,
    xStride: 10,
    yStride: 1,
  })),
];
