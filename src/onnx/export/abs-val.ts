import { AbsValLayer } from "../../layers/activation/abs-val.js";
import { mapping } from "./mapping.js";

/** AbsVal → `Abs`. Exact. */
export const absVal = mapping(AbsValLayer, (w) => w.set(0, w.node("Abs", [w.x])));
