import type { RegionGeometry } from "../../../src/core/kernels.js";
import type { Span } from "../../../src/core/span.js";
import { type Case, kernelCase, type Maker } from "../maker.js";

/** Regions: some beyond the edges, some whose end lies before their start. */
function regionsOf(m: Maker, { n, regions, input: [h, w], scale }: RegionGeometry): Span {
  let corner = [0, 0];
  return m.each(regions * 5, (index) => {
    const value = m.uniform();
    const part = index % 5;
    if (part === 0) return Math.floor(value * n);
    const size = part % 2 ? w : h;
    if (part < 3) corner = [corner[1], value * 1.2 * size - 2];
    return (part < 3 ? corner[1] : corner[part - 3] + value * 0.8 * size - 1) / scale;
  });
}

const geometries: readonly RegionGeometry[] = [
  { n: 2, channels: 3, regions: 6, input: [10, 12], output: [7, 7], scale: 0.0625 },
  { n: 1, channels: 37, regions: 25, input: [14, 19], output: [3, 2], scale: Math.fround(0.1) },
  { n: 3, channels: 1, regions: 5, input: [5, 4], output: [1, 1], scale: 1 },
  { n: 2, channels: 4, regions: 0, input: [4, 4], output: [2, 2], scale: 1 },
];

export const regionCases: readonly Case[] = geometries.flatMap((geometry) => {
  const { n, channels, regions, input, output } = geometry;
  const places = input[0] * input[1];
  const inputs = n * channels * places;
  const outputs = regions * channels * output[0] * output[1];
  const title = `${regions} regions on ${n}×${channels}×${input.join("×")}, to ${output.join("×")}`;
  // Sums of many values of both signs may be much smaller than the values.
  const sums = { floor: 0.1 };
  return [
    kernelCase("regionMax", title, (m) => {
      const rois = regionsOf(m, geometry);
      return { x: m.normal(inputs), rois, y: m.out(outputs), mask: m.out(outputs), ...geometry };
    }),
    kernelCase("regionMax", `${title}, with equals`, (m) => {
      const rois = regionsOf(m, geometry);
      return { x: m.whole(inputs, 3), rois, y: m.out(outputs), mask: m.out(outputs), ...geometry };
    }),
    kernelCase(
      "regionMaxBackward",
      title,
      (m) => {
        const rois = regionsOf(m, geometry);
        const mask = m.each(outputs, (i) => (i % 5 === 2 ? Number.NaN : Math.floor((places + 3) * m.uniform()) - 1));
        return { rois, dy: m.normal(outputs), mask, dx: m.out(inputs), ...geometry };
      },
      sums,
    ),
    kernelCase(
      "regionAverage",
      title,
      (m) => {
        const rois = regionsOf(m, geometry);
        return { x: m.normal(inputs * output[0] * output[1]), rois, y: m.out(outputs), ...geometry };
      },
      sums,
    ),
    kernelCase(
      "regionAverageBackward",
      title,
      (m) => {
        const rois = regionsOf(m, geometry);
        return { rois, dy: m.normal(outputs), dx: m.out(inputs * output[0] * output[1]), ...geometry };
      },
      sums,
    ),
  ];
});
