import { InnerProductLayer } from "../../layers/common/inner-product.js";
import type { Value } from "./graph-writer.js";
import type { LayerWriter } from "./layer-writer.js";
import { mapping } from "./mapping.js";

/**
 * InnerProduct → `Gemm`, behind a `Flatten` where the vectors of x have several axes, and before a `Reshape` where y has more or fewer than two.
 * Exact; the sums are in another order.
 */
export const innerProduct = mapping(InnerProductLayer, (w) => {
  const { transB } = w.call("gemm", ["bias"]);
  setProduct(
    w,
    w.layer.params.map((_, i) => w.param(i)),
    transB,
  );
});

/** Makes the first top the product of the first bottom's vectors, which are its last axes, and weights; a bias may follow them. */
export function setProduct(w: LayerWriter, weights: readonly Value[], transB: boolean): void {
  const { shape, value } = w.input(0);
  const { dims } = w.port(0);
  const axis = dims.length - 1;
  const rows = shape.length === 2 && axis === 1 ? value : w.node("Flatten", [value], { axis });
  const y = w.node("Gemm", [rows, ...weights], { transB: transB ? 1 : 0 });
  if (axis === 1) {
    w.set(0, y);
    return;
  }
  const outer = dims.slice(0, -1);
  const count = outer.every((size) => typeof size === "number") ? outer.reduce((a, b) => a * Number(b), 1) : "rows";
  w.setReshaped(0, y, [count, dims.at(-1) ?? 1]);
}
