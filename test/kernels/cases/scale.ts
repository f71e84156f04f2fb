import { type Case, kernelCase } from "../maker.js";

export const foldings = [
  { outer: 1, dim: 1, inner: 1 },
  { outer: 3, dim: 1, inner: 5 },
  { outer: 7, dim: 1, inner: 1 },
  { outer: 1, dim: 5, inner: 1 },
  { outer: 4, dim: 3, inner: 1 },
  { outer: 9, dim: 33, inner: 1 },
  { outer: 2, dim: 600, inner: 1 },
  { outer: 2, dim: 3, inner: 3 },
  { outer: 3, dim: 10, inner: 4 },
  { outer: 2, dim: 17, inner: 7 },
  { outer: 2, dim: 5, inner: 16 },
  { outer: 1, dim: 3, inner: 63 },
  { outer: 3, dim: 2, inner: 1000 },
  // Threads take some in chunks: planes, rows, or indices of the middle axis.
  { outer: 2, dim: 21, inner: 1023 },
  { outer: 700, dim: 51, inner: 1 },
  { outer: 0, dim: 4, inner: 5 },
  { outer: 2, dim: 4, inner: 0 },
  { outer: 0, dim: 4, inner: 1 },
];

export const scaleCases: readonly Case[] = foldings.flatMap((size) => {
  const { outer, dim, inner } = size;
  const count = outer * dim * inner;
  const title = `${outer}×${dim}×${inner}`;
  return [
    kernelCase("scale", title, (m) => ({
      x: m.normal(count),
      scale: m.normal(dim),
      bias: m.normal(dim),
      y: m.out(count),
      ...size,
    })),
    kernelCase("scale", `${title} without bias`, (m) => ({
      x: m.normal(count),
      scale: m.normal(dim),
      bias: undefined,
      y: m.out(count),
      ...size,
    })),
    kernelCase("scale", `${title} in place`, (m) => {
      const x = m.normal(count);
      return { x, scale: m.normal(dim), bias: m.normal(dim), y: x, ...size };
    }),
    kernelCase("scaleAdd", title, (m) => ({
      x: m.normal(count),
      scale: m.normal(dim),
      addend: m.normal(count),
      y: m.out(count),
      ...size,
    })),
    kernelCase("scaleAdd", `${title} in place of x`, (m) => {
      const x = m.normal(count);
      return { x, scale: m.normal(dim), addend: m.normal(count), y: x, ...size };
    }),
    kernelCase("scaleAdd", `${title} in place of the addend`, (m) => {
      const addend = m.normal(count);
      return { x: m.normal(count), scale: m.normal(dim), addend, y: addend, ...size };
    }),
    kernelCase("bias", title, (m) => ({ x: m.normal(count), bias: m.normal(dim), y: m.out(count), ...size })),
    kernelCase("bias", `${title} in place`, (m) => {
      const x = m.normal(count);
      return { x, bias: m.normal(dim), y: x, ...size };
    }),
    ...[false, true].flatMap((accumulate) => [
      kernelCase("scaleBackward", `${title}${accumulate ? ", added" : ""}`, (m) => ({
        x: m.normal(count),
        dy: m.normal(count),
        dscale: accumulate ? m.normal(dim) : m.out(dim),
        accumulate,
        ...size,
      })),
      kernelCase("biasBackward", `${title}${accumulate ? ", added" : ""}`, (m) => ({
        dy: m.normal(count),
        dbias: accumulate ? m.normal(dim) : m.out(dim),
        accumulate,
        ...size,
      })),
    ]),
  ];
});
