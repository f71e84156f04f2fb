import { PoolingParameter_PoolMethod as PoolMethod } from "../../proto/gen/caffe_pb.js";
import { countOf } from "../../util/shape.js";
import type { Operator, Scope } from "./scope.js";
import type { Blob } from "./value.js";

/** GlobalAveragePool, GlobalMaxPool → Pooling with `global_pooling`: exact up to the order of the sum. */
export const globalAveragePool: Operator = (node) => globallyPooled(node, node.blob(0), PoolMethod.AVE);
export const globalMaxPool: Operator = (node) => globallyPooled(node, node.blob(0), PoolMethod.MAX);

/** The mean of each plane. */
export function globalMean(node: Scope, x: Blob, suffix: string): Blob {
  return globallyPooled(node, x, PoolMethod.AVE, suffix);
}

/** One value for each plane. Other than two spatial axes become two. */
export function globallyPooled(node: Scope, x: Blob, pool: PoolMethod, suffix?: string): Blob {
  const fields = { poolingParam: { pool, globalPooling: true } };
  const own = { suffix };
  if (x.shape.length === 4) return node.layer("Pooling", [x], fields, own);
  node.check(x.shape.length >= 3, `${x.shape.join(" × ")} has no spatial axes`);
  const [n = 1, channels = 1] = x.shape;
  const plane = node.reshape(x, [n, channels, countOf(x.shape, 2), 1], "plane");
  const y = node.layer("Pooling", [plane], fields, { suffix: "pool" });
  return node.reshape(
    y,
    x.shape.map((size, axis) => (axis < 2 ? size : 1)),
    suffix,
  );
}
