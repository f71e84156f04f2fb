import { MulLayer } from "../../layers/common/mul.js";
import { mapping } from "./mapping.js";

/** Mul → `Mul` by the second bottom or a constant. It repeats axes in the same way. Exact. */
export const mul = mapping(MulLayer, (w) => w.set(0, w.node("Mul", [w.x, w.bottom[1]?.value ?? w.param(0)])));
