import { TanHLayer } from "../../layers/activation/tanh.js";
import { mapping } from "./mapping.js";

/** TanH → `Tanh`. Exact. */
export const tanh = mapping(TanHLayer, (w) => w.set(0, w.node("Tanh", [w.x])));
