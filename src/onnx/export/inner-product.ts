import { InnerProductLayer } from "../../layers/common/inner-product.js";
import { mapping } from "./mapping.js";

/**
 * InnerProduct → `Gemm`, behind a `Flatten` where x has more than two axes, and before a `Reshape` where y has. Exact; the sums are in
 * another order.
 */
export const innerProduct = mapping(InnerProductLayer, (w) => {
  const { shape, value } = w.input(0);
  const { dims } = w.port(0);
  const axis = dims.length - 1;
  const { transB } = w.call("gemm", ["bias"]);
  const params = w.layer.params.map((_, i) => w.param(i));
  const rows = shape.length === 2 && axis === 1 ? value : w.node("Flatten", [value], { axis });
  const y = w.node("Gemm", [rows, ...params], { transB: transB ? 1 : 0 });
  if (axis === 1) return w.set(0, y);
  const outer = dims.slice(0, -1);
  const [whole] = outer.every((size) => typeof size === "number")
    ? [outer.reduce((a, b) => a * Number(b), 1)]
    : ["rows"];
  w.setReshaped(0, y, [whole ?? 1, dims.at(-1) ?? 1]);
});
