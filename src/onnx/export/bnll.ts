import { BNLLLayer } from "../../layers/activation/bnll.js";
import { mapping } from "./mapping.js";

/** BNLL → `Softplus`. Exact. */
export const bnll = mapping(BNLLLayer, (w) => w.set(0, w.node("Softplus", [w.x])));
