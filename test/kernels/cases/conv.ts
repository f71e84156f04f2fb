import type { ConvGeometry, KernelName } from "../../../src/core/kernels.js";
import { type Case, kernelCase } from "../maker.js";

/** A convolution as a test describes it: one number for all axes, or one each. */
export interface Convolution {
  readonly n?: number;
  readonly channels: number;
  readonly outputs: number;
  readonly group?: number;
  readonly input: readonly number[];
  readonly kernel: number | readonly number[];
  readonly stride?: number | readonly number[];
  readonly pad?: number | readonly number[];
  /** At the end of each axis; default as `pad`. */
  readonly padAfter?: readonly number[];
  readonly dilation?: number | readonly number[];
  /** The one kernel it is a case for. Default: all. */
  readonly only?: KernelName;
}

const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

export function geometryOf({ n = 1, channels, outputs, group = 1, input, ...window }: Convolution): ConvGeometry {
  const axes = (value: number | readonly number[]) => (typeof value === "number" ? input.map(() => value) : value);
  const kernel = axes(window.kernel);
  const stride = axes(window.stride ?? 1);
  const pad = axes(window.pad ?? 0);
  const dilation = axes(window.dilation ?? 1);
  const output = input.map((size, i) => {
    const extent = dilation[i] * (kernel[i] - 1) + 1;
    return Math.floor((size + pad[i] + (window.padAfter ?? pad)[i] - extent) / stride[i]) + 1;
  });
  return { n, channels, outputs, group, input, output, kernel, stride, pad, dilation };
}

/** All kernels, with and without bias, and with all, or only some, of what may follow in place. */
export function convolution({ only, ...described }: Convolution): Case[] {
  const geometry = geometryOf(described);
  const { n, channels, outputs, group, input, output, kernel, stride, pad, dilation } = geometry;
  const title =
    `${n}×${channels}×${input.join("×")} → ${outputs}, kernel ${kernel.join("×")} stride ${stride.join("×")} ` +
    `pad ${pad.join("×")} dilation ${dilation.join("×")} group ${group}`;
  const inputs = n * channels * product(input);
  const weights = (outputs * channels * product(kernel)) / group;
  const results = n * outputs * product(output);
  // Winograd's transforms cost some digits: as many as it takes to still agree with Caffe within 1e-5.
  const tolerance = kernel.every((size) => size === 3) && channels >= 16 && outputs >= 16 ? 4e-6 : 1e-6;
  // Terms are about 1. Where results are few, all of them may cancel out, or a bias may be all that is left.
  const accuracy = { tolerance, floor: 1 };
  const cases = [
    kernelCase(
      "conv",
      title,
      (m) => ({
        x: m.normal(inputs),
        w: m.normal(weights),
        bias: m.normal(outputs),
        y: m.out(results),
        ...geometry,
      }),
      accuracy,
    ),
    kernelCase(
      "conv",
      `${title}, no bias`,
      (m) => ({
        x: m.normal(inputs),
        w: m.normal(weights),
        bias: undefined,
        y: m.out(results),
        ...geometry,
      }),
      accuracy,
    ),
    ...[0, 0.1, 1].map((negativeSlope) =>
      kernelCase(
        "convFused",
        `${title}, negativeSlope ${negativeSlope}`,
        (m) => ({
          x: m.normal(inputs),
          w: m.normal(weights),
          multiplier: negativeSlope === 0.1 ? undefined : m.normal(outputs, 1),
          bias: negativeSlope === 1 ? undefined : m.normal(outputs),
          y: m.out(results),
          negativeSlope,
          ...geometry,
        }),
        accuracy,
      ),
    ),
    kernelCase(
      "convBackwardData",
      title,
      (m) => ({
        dy: m.normal(results),
        w: m.normal(weights),
        dx: m.out(inputs),
        ...geometry,
      }),
      accuracy,
    ),
    kernelCase(
      "convBackwardWeights",
      title,
      (m) => ({
        x: m.normal(inputs),
        dy: m.normal(results),
        dw: m.normal(weights),
        ...geometry,
      }),
      accuracy,
    ),
  ];
  return cases.filter(({ kernel: name }) => only === undefined || name === only);
}

const described: readonly Convolution[] = [
  // What nets have.
  { n: 2, channels: 1, outputs: 20, input: [28, 28], kernel: 5 },
  { n: 2, channels: 3, outputs: 6, input: [17, 19], kernel: 7, stride: 2, pad: 3 },
  { n: 1, channels: 3, outputs: 8, input: [23, 23], kernel: 11, stride: 4 },
  { n: 2, channels: 8, outputs: 12, input: [14, 14], kernel: 3, pad: 1 },
  { n: 2, channels: 8, outputs: 12, input: [14, 14], kernel: 3, pad: 1, stride: 2 },
  { n: 2, channels: 8, outputs: 12, input: [9, 11], kernel: 1 },
  { n: 2, channels: 8, outputs: 12, input: [9, 11], kernel: 1, stride: 2 },
  { n: 1, channels: 2, outputs: 4, input: [4, 16], kernel: 2, stride: 2 },
  { n: 1, channels: 3, outputs: 3, group: 3, input: [4, 40], kernel: 2, stride: 2 },
  { n: 1, channels: 6, outputs: 5, input: [9, 9], kernel: 1, pad: 1 },
  { n: 2, channels: 8, outputs: 12, input: [7, 7], kernel: 3, pad: 2, dilation: 2 },
  { n: 2, channels: 4, outputs: 5, input: [6, 9], kernel: [1, 3], pad: [0, 1] },
  { n: 2, channels: 4, outputs: 5, input: [6, 9], kernel: [3, 2], stride: [2, 3], pad: [2, 1], dilation: [1, 2] },
  { n: 3, channels: 8, outputs: 12, group: 2, input: [6, 5], kernel: 3, pad: 1 },
  { n: 2, channels: 16, outputs: 17, input: [8, 16], kernel: 3, pad: [0, 0], padAfter: [1, 1] },
  { n: 2, channels: 16, outputs: 17, input: [8, 16], kernel: 3, pad: [2, 1], padAfter: [0, 2] },
  { n: 2, channels: 8, outputs: 12, input: [14, 14], kernel: 3, pad: [0, 1], padAfter: [1, 0], stride: 2 },
  { n: 2, channels: 12, outputs: 12, group: 12, input: [14, 15], kernel: 3, pad: [0, 1], padAfter: [1, 2] },
  { n: 2, channels: 12, outputs: 12, group: 12, input: [14, 15], kernel: 3, pad: [0, 0], padAfter: [1, 1], stride: 2 },
  { n: 2, channels: 9, outputs: 12, group: 3, input: [4, 4], kernel: 1 },
  // Enough of everything that Winograd pays, with whole tiles and parts of them.
  { n: 2, channels: 16, outputs: 17, input: [8, 16], kernel: 3, pad: 1 },
  { n: 3, channels: 19, outputs: 16, input: [14, 14], kernel: 3, pad: 1 },
  { n: 2, channels: 16, outputs: 23, input: [11, 13], kernel: 3 },
  { n: 1, channels: 33, outputs: 18, input: [7, 21], kernel: 3, pad: 2 },
  { n: 5, channels: 24, outputs: 70, input: [12, 5], kernel: 3, pad: [0, 1] },
  { n: 2, channels: 130, outputs: 20, input: [8, 40], kernel: 3, pad: 1 },
  { n: 9, channels: 66, outputs: 201, input: [4, 8], kernel: 3, pad: 1 },
  // So much that threads take some in chunks: strips of columns, rows of tiles, images, planes.
  { n: 1, channels: 40, outputs: 30, input: [57, 63], kernel: 1 },
  { n: 3, channels: 6, outputs: 14, input: [40, 41], kernel: 2 },
  { n: 40, channels: 18, outputs: 33, input: [9, 27], kernel: 3, pad: 1, only: "conv" },
  { n: 65, channels: 8, outputs: 12, input: [7, 6], kernel: 3, pad: 1 },
  { n: 2, channels: 11, outputs: 11, group: 11, input: [65, 66], kernel: 3, pad: 1 },
  { n: 2, channels: 11, outputs: 11, group: 11, input: [35, 76], kernel: 4, pad: 1, stride: 2 },
  // Fours of tiles from several rows: of one tile, of three, of seven.
  { n: 41, channels: 40, outputs: 50, input: [5, 3], kernel: 3, pad: 1 },
  { n: 11, channels: 40, outputs: 50, input: [7, 12], kernel: 3, pad: 1 },
  { n: 3, channels: 20, outputs: 24, input: [9, 27], kernel: 3, pad: 1 },
  // So many tiles that the gradient for the weights is computed in parts, with few filters and with more.
  { n: 43, channels: 16, outputs: 17, input: [13, 14], kernel: 3, pad: 1, only: "convBackwardWeights" },
  { n: 33, channels: 49, outputs: 48, input: [16, 16], kernel: 3, pad: 1, only: "convBackwardWeights" },
  // Enough that it pays with a native BLAS too.
  { n: 9, channels: 33, outputs: 37, input: [15, 17], kernel: 3, pad: 1 },
  { n: 3, channels: 40, outputs: 50, input: [18, 22], kernel: 3 },
  { n: 6, channels: 41, outputs: 30, input: [10, 12], kernel: 3, pad: 2 },
  // So small that tiles of 2×2 pay: where transformed weights are kept, and with many images where they are not.
  { n: 8, channels: 40, outputs: 50, input: [2, 2], kernel: 3, pad: 1 },
  { n: 1, channels: 64, outputs: 67, input: [7, 7], kernel: 3, pad: 1 },
  { n: 1, channels: 48, outputs: 61, input: [5, 8], kernel: 3, pad: [1, 0] },
  { n: 64, channels: 40, outputs: 40, input: [2, 2], kernel: 3, pad: 1 },
  // More outputs than tiles, which threads then share.
  { n: 1, channels: 24, outputs: 67, input: [14, 14], kernel: 3, pad: 1 },
  // The input is the column matrix, in images that are large enough for products of their own.
  { n: 2, channels: 9, outputs: 12, group: 3, input: [12, 13], kernel: 1 },
  { n: 2, channels: 130, outputs: 6, input: [50, 51], kernel: 1 },
  // As many outputs as inputs, but others.
  { n: 2, channels: 8, outputs: 12, input: [3, 50], kernel: 1, stride: [2, 1], pad: [1, 0] },
  // Few outputs in a group: depthwise, with one output for each channel or more, and one output for all.
  { n: 2, channels: 6, outputs: 6, group: 6, input: [13, 14], kernel: 3, pad: 1 },
  { n: 2, channels: 6, outputs: 6, group: 6, input: [13, 14], kernel: 3, pad: 1, stride: 2 },
  // One tap, and as many outputs as inputs, but not the same rows.
  { n: 1, channels: 9, outputs: 12, input: [4, 40], kernel: 1, stride: [2, 1], pad: [2, 0] },
  { n: 2, channels: 3, outputs: 3, group: 3, input: [7, 7], kernel: 3, pad: 1 },
  { n: 1, channels: 2, outputs: 6, group: 2, input: [5, 4], kernel: 3, pad: 1 },
  { n: 2, channels: 3, outputs: 3, group: 3, input: [9, 8], kernel: 3, pad: [0, 2] },
  { n: 1, channels: 2, outputs: 2, group: 2, input: [3, 300], kernel: 3, pad: 2 },
  { n: 2, channels: 2, outputs: 2, group: 2, input: [8, 33], kernel: 3, pad: 1, stride: 2 },
  // Planes too large to be taken at once.
  { n: 1, channels: 2, outputs: 2, group: 2, input: [31, 300], kernel: 3, pad: 1 },
  { n: 1, channels: 2, outputs: 2, group: 2, input: [33, 301], kernel: 3, pad: 1, stride: 2 },
  { n: 1, channels: 2, outputs: 4, group: 2, input: [21, 10], kernel: 3, pad: 1, stride: [5, 2] },
  { n: 1, channels: 2, outputs: 2, group: 2, input: [4, 9], kernel: 3, pad: 5, stride: [3, 1] },
  { n: 2, channels: 5, outputs: 10, group: 5, input: [11, 9], kernel: [5, 3], pad: [2, 1], stride: [1, 3] },
  { n: 1, channels: 4, outputs: 4, group: 4, input: [7, 7], kernel: 3, pad: 2, dilation: 2 },
  { n: 2, channels: 5, outputs: 5, group: 5, input: [12, 13], kernel: 3, pad: 2, dilation: 2 },
  { n: 1, channels: 3, outputs: 6, group: 3, input: [40, 24], kernel: 3, pad: [3, 1], dilation: 3 },
  { n: 2, channels: 3, outputs: 3, group: 3, input: [9, 11], kernel: 3, pad: 0, dilation: 2 },
  { n: 1, channels: 3, outputs: 3, group: 3, input: [70, 80], kernel: 3, pad: 5, dilation: 5 },
  { n: 1, channels: 3, outputs: 3, group: 3, input: [9, 9], kernel: 3, pad: 6, dilation: 3 },
  { n: 1, channels: 3, outputs: 3, group: 3, input: [9, 14], kernel: 3, pad: 2, dilation: [2, 1] },
  { n: 2, channels: 4, outputs: 6, group: 2, input: [8, 8], kernel: 3 },
  { n: 2, channels: 7, outputs: 1, input: [10, 12], kernel: 3, pad: 1 },
  { n: 2, channels: 7, outputs: 3, input: [5, 5], kernel: 1 },
  // The image as large as the kernel, or nothing but padding under it.
  { n: 5, channels: 3, outputs: 9, input: [5, 6], kernel: [5, 6] },
  { n: 2, channels: 2, outputs: 4, input: [1, 1], kernel: 3, pad: 1 },
  { n: 2, channels: 2, outputs: 4, input: [2, 2], kernel: 3, pad: 4, stride: 2 },
  { n: 1, channels: 1, outputs: 1, input: [1, 1], kernel: 1 },
  { n: 2, channels: 2, outputs: 2, group: 2, input: [2, 2], kernel: 3, pad: 4, dilation: 3 },
  // Other numbers of axes.
  { n: 2, channels: 5, outputs: 6, input: [17], kernel: 4, stride: 3, pad: 2 },
  { n: 2, channels: 4, outputs: 4, group: 4, input: [17], kernel: 5, pad: 2 },
  { n: 2, channels: 3, outputs: 5, input: [5, 6, 7], kernel: [2, 3, 3], pad: [1, 0, 1], stride: [2, 1, 2] },
  { n: 1, channels: 3, outputs: 3, group: 3, input: [4, 5, 6], kernel: 3, pad: 1, dilation: [1, 2, 1] },
  { n: 1, channels: 2, outputs: 4, input: [3, 4, 3, 5], kernel: 2, pad: [1, 0, 0, 1] },
  { n: 3, channels: 7, outputs: 5, input: [], kernel: [] },
  { n: 3, channels: 7, outputs: 5, input: [3, 2, 4], kernel: 1 },
  // More than blocks hold: channels × taps, outputs, positions, images.
  { n: 1, channels: 33, outputs: 4, input: [6, 6], kernel: 3, pad: 1 },
  { n: 1, channels: 5, outputs: 193, input: [5, 5], kernel: 3 },
  { n: 2, channels: 2, outputs: 4, input: [30, 37], kernel: 3, pad: 1 },
  { n: 1, channels: 300, outputs: 5, input: [3, 3], kernel: 1 },
  { n: 1, channels: 4, outputs: 260, input: [3, 3], kernel: 1 },
  { n: 1, channels: 1100, outputs: 4, input: [2, 2], kernel: 1 },
  { n: 40, channels: 3, outputs: 6, input: [6, 6], kernel: 2, pad: 1 },
  { n: 130, channels: 3, outputs: 11, input: [3, 3], kernel: 3 },
  { n: 1, channels: 43, outputs: 4, input: [32, 64], kernel: 3, pad: 1 },
  // The gradient for the input, shared out by channels of each group, or by images.
  { n: 2, channels: 40, outputs: 12, group: 2, input: [5, 5], kernel: 2, only: "convBackwardData" },
  { n: 9, channels: 6, outputs: 12, group: 2, input: [6, 7], kernel: 2, pad: 1, only: "convBackwardData" },
  { n: 8, channels: 4, outputs: 260, input: [3, 3], kernel: 1, only: "convBackwardData" },
  // No images.
  { n: 0, channels: 3, outputs: 6, input: [6, 6], kernel: 2 },
  { n: 0, channels: 3, outputs: 3, group: 3, input: [6, 6], kernel: 2 },
];

export const convCases: readonly Case[] = described.flatMap(convolution);
