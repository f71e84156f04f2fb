import { SigmoidLayer } from "../../layers/activation/sigmoid.js";
import { mapping } from "./mapping.js";

/** Sigmoid → `Sigmoid`. Exact. */
export const sigmoid = mapping(SigmoidLayer, (w) => w.set(0, w.node("Sigmoid", [w.x])));
