import { MarginInnerProductLayer } from "../../layers/loss/margin-inner-product.js";
import { setProduct } from "./inner-product.js";
import { mapping } from "./mapping.js";

/**
 * MarginInnerProduct → `Gemm` with rows of length 1, without the labels. Exact for `type: SINGLE`. The margin of the other types is for each
 * item's own class, which a net in use does not know: without it y is only an approximation.
 */
export const marginInnerProduct = mapping(MarginInnerProductLayer, (w) => {
  const { margin, params } = w.layer;
  if (margin > 1) {
    w.approximate(`the score of each item's own class, which its labels give, is without the margin of ${margin}`);
  }
  const [classes = 0, width = 0] = params[0]?.shape ?? [];
  const values = w.paramValues(0);
  const rows = Array.from({ length: classes }, (_, row) => values.subarray(row * width, (row + 1) * width));
  const units = rows.flatMap((row) => {
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    return Array.from(row, (value) => (length > 0 ? value / length : value));
  });
  setProduct(w, [w.floats(units, [classes, width], "units")], true);
});
