import { type Case, kernelCase, type Maker } from "../maker.js";

/** Around the ends of pairs; no streams, and no cells. */
const sizes = [
  { n: 1, dim: 1 },
  { n: 1, dim: 2 },
  { n: 3, dim: 1 },
  { n: 2, dim: 5 },
  { n: 4, dim: 8 },
  { n: 5, dim: 33 },
  { n: 1, dim: 1000 },
  { n: 0, dim: 4 },
  { n: 3, dim: 0 },
];

/** Streams that go on, begin anew, and, which Caffe allows, do neither. */
const continuations = (m: Maker, n: number) => m.each(n, (i) => [1, 0, 0.5][i % 3]);

/** Gates so far out that they are open or closed, and cells to go with them. */
const far = [-200, -88, -30, -1e-20, 0, 1e-20, 30, 88, 200];
const farGates = (m: Maker) => m.each(4 * far.length, (i) => far[(i * (1 + Math.floor(i / far.length))) % far.length]);

export const lstmCases: readonly Case[] = [
  ...sizes.flatMap(({ n, dim }) => {
    const count = n * dim;
    return [
      kernelCase("lstmUnit", `${n}×${dim}`, (m) => ({
        gates: m.normal(4 * count, 0, 2),
        cPrev: m.normal(count),
        cont: continuations(m, n),
        c: m.out(count),
        h: m.out(count),
        n,
        dim,
      })),
      kernelCase("lstmUnit", `${n}×${dim} in place`, (m) => {
        const c = m.normal(count);
        return { gates: m.normal(4 * count), cPrev: c, cont: continuations(m, n), c, h: m.out(count), n, dim };
      }),
      kernelCase("lstmUnitBackward", `${n}×${dim}`, (m) => ({
        gates: m.normal(4 * count, 0, 2),
        cPrev: m.normal(count),
        cont: continuations(m, n),
        c: m.normal(count),
        dc: m.normal(count),
        dh: m.normal(count),
        dgates: m.out(4 * count),
        dcPrev: m.out(count),
        n,
        dim,
      })),
      kernelCase("lstmUnitBackward", `${n}×${dim} in place`, (m) => {
        const gates = m.normal(4 * count);
        const dc = m.normal(count);
        const cells = { cPrev: m.normal(count), cont: continuations(m, n), c: m.normal(count), dh: m.normal(count) };
        return { ...cells, gates, dc, dgates: gates, dcPrev: dc, n, dim };
      }),
    ];
  }),
  kernelCase("lstmUnit", "gates far out", (m) => ({
    gates: farGates(m),
    cPrev: m.normal(far.length, 0, 10),
    cont: m.values([1]),
    c: m.out(far.length),
    h: m.out(far.length),
    n: 1,
    dim: far.length,
  })),
  kernelCase("lstmUnitBackward", "gates far out", (m) => ({
    gates: farGates(m),
    cPrev: m.normal(far.length, 0, 10),
    cont: m.values([1]),
    c: m.normal(far.length, 0, 10),
    dc: m.normal(far.length),
    dh: m.normal(far.length),
    dgates: m.out(4 * far.length),
    dcPrev: m.out(far.length),
    n: 1,
    dim: far.length,
  })),
];
