import { transposeOrder } from "./fold/arrange.js";
import type { Imported, Scope } from "./scope.js";
import type { Blob } from "./value.js";

/** Transpose → Reshape, where only axes of size 1 move; else Permute, or Transpose of caffe_ocr: exact. BVLC's Caffe has none of the two. */
export function transpose(node: Scope): Imported {
  const x = node.blob(0);
  return permuted(node, x, transposeOrder(node.node, x.shape));
}

/** The axes of a blob in another order. */
export function permuted(node: Scope, x: Blob, order: readonly number[], suffix?: string): Blob {
  const own = { suffix };
  const shape = order.map((axis) => x.shape[axis] ?? 0);
  const moving = order.filter((axis) => x.shape[axis] !== 1);
  if (moving.every((axis, i) => i === 0 || axis > (moving[i - 1] ?? 0))) return node.reshape(x, shape, suffix);
  if (!node.can("Permute") && node.can("Transpose")) {
    return node.layer("Transpose", [x], { transposeParam: { dim: [...order] } }, own);
  }
  return node.layer("Permute", [x], { permuteParam: { order: [...order] } }, own);
}
