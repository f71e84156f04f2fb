import type { Value } from "./graph-writer.js";
import type { Operators } from "./operators.js";

/** Half away from zero, as in C; ONNX's `Round` is half to even. */
export function rounded(w: Operators, x: Value): Value {
  const size = w.node("Abs", [x]);
  const whole = w.node("Floor", [size]);
  const isUp = w.node("Not", [w.node("Less", [w.node("Sub", [size, whole]), w.scalar(0.5)])]);
  return w.node("Mul", [w.node("Sign", [x]), w.node("Add", [whole, w.cast(isUp, "float")])]);
}

/** The multiples 0·bin to (bins − 1)·bin, and bin to bins·bin, (bins, R), of the sizes (1, R) of bins. */
export function edges(w: Operators, bin: Value, bins: number): readonly [from: Value, to: Value] {
  const index = Array.from({ length: bins + 1 }, (_, i) => i);
  const times = (of: readonly number[]) => w.node("Mul", [w.floats(of, [bins, 1]), bin]);
  return [times(index.slice(0, -1)), times(index.slice(1))];
}

/** 1 for the places of an axis with ⌊from⌋ ≤ place < ⌈to⌉, else 0, (bins, size, R), for edges (bins, R). */
export function under(w: Operators, from: Value, to: Value, size: number): Value {
  const place = Array.from({ length: size }, (_, i) => i);
  const next = w.floats(
    place.map((each) => each + 1),
    [size, 1],
  );
  const above = w.node("Less", [w.unsqueeze(from, [1]), next]);
  const below = w.node("Less", [w.floats(place, [size, 1]), w.unsqueeze(to, [1])]);
  return w.cast(w.node("And", [above, below]), "float");
}
