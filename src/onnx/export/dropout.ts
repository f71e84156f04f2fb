import { DropoutLayer } from "../../layers/common/dropout.js";
import { mapping } from "./mapping.js";

/** Dropout: y = x in TEST, so that nothing is written. */
export const dropout = mapping(DropoutLayer, (w) => w.set(0, w.x));
