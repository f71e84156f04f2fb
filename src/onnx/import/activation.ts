import type { LayerFields } from "./net-builder.js";
import type { Imported, Operator, Scope } from "./scope.js";
import type { Blob } from "./value.js";

/**
 * Functions of each value by itself that are one layer of Caffe's: exact, in Caffe's own rounding of exp, log and powers.
 *
 * Relu, LeakyRelu → ReLU; Sigmoid, Tanh → Sigmoid, TanH; Elu → ELU; Exp, Log, Abs → Exp, Log, AbsVal; Neg, Sqrt, Reciprocal → Power; Softplus → BNLL.
 */
const single = (type: string, fields: (node: Scope) => LayerFields = () => ({})): Operator => {
  return (node) => node.layer(type, [node.blob(0)], fields(node), { inPlace: true });
};

export const relu = single("ReLU");
export const leakyRelu = single("ReLU", ({ node }) => ({ reluParam: { negativeSlope: node.float("alpha", 0.01) } }));
export const sigmoid = single("Sigmoid");
export const tanh = single("TanH");
export const elu = single("ELU", ({ node }) => ({ eluParam: { alpha: node.float("alpha", 1) } }));
export const exp = single("Exp");
export const log = single("Log");
export const abs = single("AbsVal");
export const neg = single("Power", () => ({ powerParam: { scale: -1 } }));
export const sqrt = single("Power", () => ({ powerParam: { power: 0.5 } }));
export const reciprocal = single("Power", () => ({ powerParam: { power: -1 } }));
export const softplus = single("BNLL");

/** Mish → Mish, or x·tanh(log(1 + e^x)) by its parts. */
export function mish(node: Scope): Imported {
  const x = node.blob(0);
  if (node.can("Mish")) return node.layer("Mish", [x], {}, { inPlace: true });
  const soft = node.layer("BNLL", [x], {}, { suffix: "softplus" });
  return product(node, x, node.layer("TanH", [soft], {}, { suffix: "tanh", inPlace: true }));
}

/** Selu, gamma·x above 0 and gamma·alpha·(e^x − 1) below → ELU and Power; one more rounding. */
export function selu(node: Scope): Imported {
  const alpha = node.node.float("alpha", 1.6732632423543772);
  const scale = node.node.float("gamma", 1.0507009873554805);
  const y = node.layer("ELU", [node.blob(0)], { eluParam: { alpha } }, { suffix: "elu", inPlace: true });
  return node.layer("Power", [y], { powerParam: { scale } }, { inPlace: true });
}

/** Softsign, x/(1 + |x|) → AbsVal, Power and Eltwise; two roundings instead of one. */
export function softsign(node: Scope): Imported {
  const x = node.blob(0);
  const size = node.layer("AbsVal", [x], {}, { suffix: "abs" });
  const inverse = node.layer(
    "Power",
    [size],
    { powerParam: { power: -1, shift: 1 } },
    { suffix: "inverse", inPlace: true },
  );
  return product(node, x, inverse);
}

/** Two blobs of one shape multiplied. */
export function product(node: Scope, a: Blob, b: Blob, suffix?: string): Blob {
  const fields = { eltwiseParam: { operation: 0 } };
  return node.layer("Eltwise", [a, b], fields, { suffix });
}
