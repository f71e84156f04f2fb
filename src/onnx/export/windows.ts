/** How the windows of a convolution or a pooling move along one axis. */
export interface AxisWindows {
  readonly size: number;
  /** How much of the axis a window covers, with its dilation. */
  readonly reach: number;
  readonly stride: number;
  /** The padding at the beginning. */
  readonly before: number;
  readonly count: number;
}

/**
 * The padding at the end of an axis with which ONNX's size, rounded down, is this number of windows: the padding at the beginning, where
 * it does; else the least. So no operator needs `ceil_mode`, whose sizes differ between runtimes.
 */
export function padBehind({ size, reach, stride, before, count }: AxisWindows): number {
  const least = (count - 1) * stride + reach - size - before;
  return before >= least && before < least + stride ? before : Math.max(0, least);
}
