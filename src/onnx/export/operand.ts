import { canonicalAxis } from "../../util/shape.js";
import type { Value } from "./graph-writer.js";
import type { Input, LayerWriter } from "./layer-writer.js";

/**
 * An operand that spans axes of the first bottom from `axis` on, with axes of size 1 behind, so that ONNX repeats it where Caffe does: ONNX
 * counts axes from the end.
 *
 * @param operand another bottom, or the index of a parameter
 */
export function along(w: LayerWriter, operand: Input | number, axis: number): Value {
  const { shape } = w.input(0);
  const own = typeof operand === "number" ? (w.layer.params[operand]?.shape ?? []) : operand.shape;
  const behind = own.length === 0 ? 0 : shape.length - canonicalAxis(shape, axis) - own.length;
  if (typeof operand === "number") return w.param(operand, [...own, ...Array<number>(behind).fill(1)]);
  if (behind === 0) return operand.value;
  // Reshape rather than Unsqueeze where both can say it: OpenCV reads the latter for one axis alone.
  const behindAxes = Array.from({ length: behind }, (_, i) => own.length + i);
  const ones = behindAxes.map(() => 1);
  return (
    w.reshapeDims(operand.value, operand.dims, [...operand.dims, ...ones]) ?? w.unsqueeze(operand.value, behindAxes)
  );
}
