import { ELULayer } from "../../layers/activation/elu.js";
import { float } from "../model.js";
import { mapping } from "./mapping.js";

/** ELU → `Elu`. Exact. */
export const elu = mapping(ELULayer, (w) => w.set(0, w.node("Elu", [w.x], { alpha: float(w.call("elu").alpha) })));
