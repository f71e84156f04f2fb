import type { ConvGeometry } from "../../core/kernels.js";

/** With fewer outputs in a group than this, rows of the image are multiplied directly, without the column matrix. */
const fewOutputs = 4;

/** The least number of strips of 8 positions that is worth a call that packs all weights. */
export const manyStrips = 32;

const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

/** The numbers of values in a convolution's spans and products. */
export function sizesOf({ n, channels, outputs, group, input, output, kernel }: ConvGeometry) {
  const positions = product(output);
  const depth = (channels / group) * product(kernel);
  return {
    positions,
    depth,
    input: n * channels * product(input),
    output: n * outputs * positions,
    weights: outputs * depth,
    isThin: outputs / group < fewOutputs,
  };
}

/** Whether threads share a convolution's outputs instead of its positions, because there are fewer positions. */
export function sharesRows(geometry: ConvGeometry): boolean {
  return geometry.group === 1 && geometry.n * sizesOf(geometry).positions < geometry.outputs;
}

/** The table for `Geometry` of assembly/conv-geometry.ts: 16 numbers, then the rows. */
export function geometryTable(geometry: ConvGeometry): Int32Array {
  const { n, group, channels, outputs } = geometry;
  const { outer, inner } = collapseAxes(geometry);
  const rows = rowsMet(outer);
  const sizes = [n, group, channels / group, outputs / group];
  const axes = [
    product(outer.map(({ input }) => input)),
    inner.input,
    product(outer.map(({ output }) => output)),
    inner.output,
    product(outer.map(({ kernel }) => kernel)),
  ];
  const last = [inner.kernel, inner.stride, inner.pad, inner.dilation];
  const table = new Int32Array(16 + rows.length);
  table.set([...sizes, ...axes, ...last]);
  table.set(rows, 16);
  return table;
}

interface Axis {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
  readonly dilation: number;
}

/** The innermost axis, and the axes before it. All axes become one if every output position reads one input position. */
function collapseAxes(geometry: ConvGeometry): { outer: readonly Axis[]; inner: Axis } {
  const axes = geometry.input.map(
    (input, i): Axis => ({
      input,
      output: geometry.output[i] ?? 1,
      kernel: geometry.kernel[i] ?? 1,
      stride: geometry.stride[i] ?? 1,
      pad: geometry.pad[i] ?? 0,
      dilation: geometry.dilation[i] ?? 1,
    }),
  );
  const isPointwise = axes.every(({ kernel, stride, pad }) => kernel === 1 && stride === 1 && pad === 0);
  if (isPointwise) {
    const size = product(geometry.input);
    return { outer: [], inner: { input: size, output: size, kernel: 1, stride: 1, pad: 0, dilation: 1 } };
  }
  return { outer: axes.slice(0, -1), inner: axes.at(-1) as Axis };
}

/** For each outer tap of the kernel and each output row, the input row that is read; −1 in the padding. */
function rowsMet(axes: readonly Axis[]): Int32Array {
  let met = { taps: 1, rows: 1, at: (_tap: number, _row: number) => 0 };
  for (const axis of axes) {
    const outer = met;
    const at = (tap: number, row: number) => {
      const before = outer.at(Math.floor(tap / axis.kernel), Math.floor(row / axis.output));
      const here = (row % axis.output) * axis.stride - axis.pad + (tap % axis.kernel) * axis.dilation;
      return before < 0 || here < 0 || here >= axis.input ? -1 : before * axis.input + here;
    };
    met = { taps: outer.taps * axis.kernel, rows: outer.rows * axis.output, at };
  }
  const { taps, rows, at } = met;
  return Int32Array.from({ length: taps * rows }, (_, i) => at(Math.floor(i / rows), i % rows));
}
