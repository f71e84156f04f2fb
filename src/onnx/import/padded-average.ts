import {
  PoolingParameter_PoolMethod as PoolMethod,
  PoolingParameter_RoundMode as RoundMode,
} from "../../proto/gen/caffe_pb.js";
import { poolSizes } from "./pool-fields.js";
import type { Scope } from "./scope.js";
import type { Blob } from "./value.js";
import { isSymmetric, windowOf } from "./window.js";

/**
 * A Pad of zeros, the same on both sides of a plane, and an AveragePool that alone reads it → one Pooling with padding, as exporters write
 * averages that count their padding. Exact: Caffe's divisor counts the padding, and nothing beyond it.
 *
 * @param before the padding of each axis of x (N, C, H, W), and `after` that behind it
 * @returns whether the two nodes became a layer
 */
export function paddedAverage(node: Scope, x: Blob, before: readonly number[], after: readonly number[]): boolean {
  const pool = node.next("AveragePool");
  const [n = 0, channels = 0, ...pads] = before;
  const isOfPlanes = x.shape.length === 4 && n === 0 && channels === 0 && before.every((pad, i) => pad === after[i]);
  if (!pool || !isOfPlanes) return false;
  const kernel = pool.node.ints("kernel_shape") ?? [];
  const sizes = pads.map((pad, i) => (x.shape[2 + i] ?? 0) + 2 * pad);
  const window = windowOf(pool, kernel, sizes);
  const { stride, dilation } = window;
  // Its own padding may only be that of the last windows, which Caffe clips.
  const clips = !isSymmetric(window);
  const isPlain =
    pool.node.int("ceil_mode", 0) === 0 &&
    dilation.every((each) => each === 1) &&
    window.before.every((pad) => pad === 0) &&
    !(clips && pool.node.int("count_include_pad", 0) === 1);
  if (!isPlain) return false;
  const counts = kernel.map((size, i) => {
    return Math.floor(((sizes[i] ?? 0) + (window.after[i] ?? 0) - size) / (stride[i] ?? 1)) + 1;
  });
  const fields = { pool: PoolMethod.AVE, ...poolSizes(kernel, stride, pads) };
  const rounded = { poolingParam: { ...fields, roundMode: RoundMode.FLOOR } };
  const forms = [{ poolingParam: fields }, ...(node.can("Pooling", "pooling_param.round_mode") ? [rounded] : [])];
  for (const form of forms) {
    const shape = pool.shapeOf("Pooling", [x], form);
    if (!counts.every((count, i) => shape?.[2 + i] === count)) continue;
    node.take([pool], pool.layer("Pooling", [x], form));
    return true;
  }
  return false;
}
