import type { InterpolateGeometry } from "../../../src/core/kernels.js";
import { type Case, kernelCase } from "../maker.js";

const upsamplings = [
  { planes: 3, input: [5, 11], scale: [2, 2] },
  { planes: 41, input: [13, 14], scale: [2, 2] },
  { planes: 2, input: [4, 3], scale: [1, 1] },
  { planes: 2, input: [3, 5], scale: [3, 2] },
  { planes: 2, input: [3, 6], scale: [2, 4] },
  { planes: 0, input: [3, 6], scale: [2, 2] },
] as const;

const f32 = Math.fround;
const interpolations: readonly InterpolateGeometry[] = [
  { planes: 3, input: [5, 6], output: [9, 11], first: [0, 0], size: [5, 6], ratio: [0.5, 0.5], offset: [0, 0] },
  {
    planes: 37,
    input: [9, 7],
    output: [4, 13],
    first: [1, 2],
    size: [6, 4],
    ratio: [f32(5 / 3), 0.25],
    offset: [0, 0],
  },
  {
    planes: 2,
    input: [4, 5],
    output: [8, 3],
    first: [0, 0],
    size: [4, 5],
    ratio: [0.5, f32(5 / 3)],
    offset: [-0.25, f32(1 / 3)],
  },
  { planes: 2, input: [1, 1], output: [3, 4], first: [0, 0], size: [1, 1], ratio: [0, 0], offset: [0, 0] },
];

const sums = { floor: 0.1 };

export const resamplingCases: readonly Case[] = [
  ...upsamplings.flatMap((geometry) => {
    const { planes, input, scale } = geometry;
    const inputs = planes * input[0] * input[1];
    const outputs = inputs * scale[0] * scale[1];
    const title = `${planes}×${input.join("×")} by ${scale.join("×")}`;
    return [
      kernelCase("upsample", title, (m) => ({ x: m.normal(inputs), y: m.out(outputs), ...geometry })),
      kernelCase("upsampleBackward", title, (m) => ({ dy: m.normal(outputs), dx: m.out(inputs), ...geometry }), sums),
    ];
  }),
  ...[
    { planes: 3, inputs: 20, outputs: 63 },
    { planes: 50, inputs: 90, outputs: 361 },
    { planes: 2, inputs: 0, outputs: 4 },
  ].flatMap((sizes) => {
    const { planes, inputs, outputs } = sizes;
    const title = `${planes} planes of ${inputs} to ${outputs}`;
    const odd = [-1, outputs, Number.NaN];
    return [
      kernelCase("unpool", title, (m) => {
        const mask = m.whole(planes * inputs, outputs);
        if (inputs > 0) mask.array.set(odd);
        return { x: m.normal(planes * inputs), mask, y: m.out(planes * outputs), ...sizes };
      }),
      kernelCase("unpoolBackward", title, (m) => {
        const mask = m.whole(planes * inputs, outputs);
        if (inputs > 0) mask.array.set(odd);
        return { dy: m.normal(planes * outputs), mask, dx: m.out(planes * inputs), ...sizes };
      }),
    ];
  }),
  ...interpolations.flatMap((geometry) => {
    const { planes, input, output } = geometry;
    const inputs = planes * input[0] * input[1];
    const outputs = planes * output[0] * output[1];
    const title = `${planes}×${input.join("×")} to ${output.join("×")}`;
    return [
      kernelCase("interpolate", title, (m) => ({ x: m.normal(inputs), y: m.out(outputs), ...geometry }), sums),
      kernelCase(
        "interpolateBackward",
        title,
        (m) => ({ dy: m.normal(outputs), dx: m.out(inputs), ...geometry }),
        sums,
      ),
    ];
  }),
];
