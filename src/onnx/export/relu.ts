import { ReLULayer } from "../../layers/activation/relu.js";
import { mapping } from "./mapping.js";

/** ReLU → `Relu`, or `LeakyRelu` with a negative slope. Exact. */
export const relu = mapping(ReLULayer, (w) => w.set(0, w.leakyRelu(w.x, w.call("relu").negativeSlope)));
