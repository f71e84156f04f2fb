import { ParameterLayer } from "../../layers/common/parameter.js";
import { mapping } from "./mapping.js";

/** Parameter → a constant. Exact. */
export const parameter = mapping(ParameterLayer, (w) => w.set(0, w.param(0)));
