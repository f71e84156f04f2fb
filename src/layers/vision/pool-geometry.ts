import type { PoolGeometry } from "../../core/kernels.js";
import type { Layer } from "../../core/layer.js";
import { formatShape, type Shape } from "../../util/shape.js";

export type Pair = readonly [h: number, w: number];

/** How a pooling window moves over the planes of a blob. */
interface PoolWindow {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Pair;
  /** The padding below and at the right. Default: that above and at the left. */
  readonly padAfter?: Pair | undefined;
  readonly excludesPad?: boolean | undefined;
  readonly round: "CEIL" | "FLOOR";
}

/**
 * The pooling of a bottom (N, C, H, W) with this window, with Caffe's sizes and checks.
 *
 * @param where the field that errors give: `pooling_param`
 */
export function poolGeometry(layer: Layer, x: Shape, window: PoolWindow, where: string): PoolGeometry {
  const { kernel, stride, pad, padAfter, excludesPad } = window;
  layer.check(x.length === 4, "MOKA_SHAPE", `needs a bottom (N, C, H, W), not ${formatShape(x)}`);
  const [n = 0, channels = 0, h = 0, w = 0] = x;
  layer.check(
    Math.min(...kernel, ...stride) > 0,
    "MOKA_FIELD",
    `${where}: kernel ${kernel.join("×")} and stride ${stride.join("×")} must be greater than 0`,
  );
  layer.check(
    [pad, padAfter ?? pad].every(([h, w]) => (h === 0 && w === 0) || (h < kernel[0] && w < kernel[1])),
    "MOKA_FIELD",
    `${where}: pad ${[...new Set([pad, padAfter ?? pad].map((each) => each.join("×")))].join(" and ")} must be smaller than the kernel ${kernel.join("×")}`,
  );
  const output: Pair = [pooled(h, 0, window), pooled(w, 1, window)];
  layer.check(
    output[0] > 0 && output[1] > 0,
    "MOKA_SHAPE",
    `the kernel ${kernel.join("×")} does not fit into the padded bottom ${formatShape(x)}`,
  );
  return { planes: n * channels, input: [h, w], output, kernel, stride, pad, padAfter, excludesPad };
}

function pooled(size: number, axis: 0 | 1, { kernel, stride, pad, padAfter = pad, round }: PoolWindow): number {
  // Caffe divides in single precision.
  const ratio = Math.fround(Math.fround(size + pad[axis] + padAfter[axis] - kernel[axis]) / stride[axis]);
  const steps = (round === "FLOOR" ? Math.floor(ratio) : Math.ceil(ratio)) + 1;
  const isPadded = Math.max(...pad, ...padAfter) > 0;
  return isPadded && (steps - 1) * stride[axis] >= size + pad[axis] ? steps - 1 : steps;
}
