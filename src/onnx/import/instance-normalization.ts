import { floatConstant } from "../tensor.js";
import { combined } from "./arithmetic.js";
import { globalMean } from "./global-pool.js";
import type { Imported, Scope } from "./scope.js";

/**
 * InstanceNormalization → its parts: the mean of each plane by Pooling, the differences, the mean of their squares, and Scale with its inverse root and
 * with the factors. Exact up to rounding. Caffe's MVN is none: it adds eps to the deviation, where this adds it to the variance.
 */
export function instanceNormalization(node: Scope): Imported {
  const x = node.blob(0);
  const [scale, shift] = [node.floats(1, "scale"), node.floats(2, "shift")];
  if (!scale || !shift) throw node.node.error("MOKA_PARSE", "it has no scale or no shift");
  const mean = globalMean(node, x, "mean");
  const minus = node.layer("Power", [mean], { powerParam: { scale: -1 } }, { suffix: "minus", inPlace: true });
  const centered = combined(node, "sum", x, minus, "centered");
  const square = node.layer("Power", [centered], { powerParam: { power: 2 } }, { suffix: "square" });
  const variance = globalMean(node, square, "variance");
  const root = { powerParam: { shift: node.node.float("epsilon", 1e-5), power: -0.5 } };
  const inverse = node.layer("Power", [variance], root, { suffix: "inverse", inPlace: true });
  const y = combined(node, "product", centered, inverse, "normalized");
  const parameters = [scale, shift].map((values) => floatConstant([values.length], values));
  return node.layer("Scale", [y], { scaleParam: { biasTerm: true } }, { parameters, inPlace: true });
}
