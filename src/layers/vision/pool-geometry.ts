import type { PoolGeometry } from "../../core/kernels.js";
import type { Layer } from "../../core/layer.js";
import { formatShape, type Shape } from "../../util/shape.js";

export type Pair = readonly [h: number, w: number];

/** How a pooling window moves over the planes of a blob. */
interface PoolWindow {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Pair;
  readonly round: "CEIL" | "FLOOR";
}

/**
 * The pooling of a bottom (N, C, H, W) with this window, with Caffe's sizes and checks.
 *
 * @param where the field that errors give: `pooling_param`
 */
export function poolGeometry(layer: Layer, x: Shape, window: PoolWindow, where: string): PoolGeometry {
  const { kernel, stride, pad } = window;
  layer.check(x.length === 4, "MOKA_SHAPE", `needs a bottom (N, C, H, W), not ${formatShape(x)}`);
  const [n = 0, channels = 0, h = 0, w = 0] = x;
  layer.check(
    Math.min(...kernel, ...stride) > 0,
    "MOKA_FIELD",
    `${where}: kernel ${kernel.join("×")} and stride ${stride.join("×")} must be greater than 0`,
  );
  layer.check(
    (pad[0] === 0 && pad[1] === 0) || (pad[0] < kernel[0] && pad[1] < kernel[1]),
    "MOKA_FIELD",
    `${where}: pad ${pad.join("×")} must be smaller than the kernel ${kernel.join("×")}`,
  );
  const output: Pair = [pooled(h, 0, window), pooled(w, 1, window)];
  layer.check(
    output[0] > 0 && output[1] > 0,
    "MOKA_SHAPE",
    `the kernel ${kernel.join("×")} does not fit into the padded bottom ${formatShape(x)}`,
  );
  return { planes: n * channels, input: [h, w], output, kernel, stride, pad };
}

function pooled(size: number, axis: 0 | 1, { kernel, stride, pad, round }: PoolWindow): number {
  // Caffe divides in single precision.
  const ratio = Math.fround(Math.fround(size + 2 * pad[axis] - kernel[axis]) / stride[axis]);
  const steps = (round === "FLOOR" ? Math.floor(ratio) : Math.ceil(ratio)) + 1;
  const isPadded = pad[0] > 0 || pad[1] > 0;
  return isPadded && (steps - 1) * stride[axis] >= size + pad[axis] ? steps - 1 : steps;
}
