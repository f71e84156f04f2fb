import { countOf } from "../../util/shape.js";
import type { Operator, Scope } from "./scope.js";
import type { Blob } from "./value.js";

/** Softmax → Softmax: exact. Before opset 13 it goes over all axes from `axis` (1) on together, by Reshape; later along `axis` (−1) alone. */
export const softmax: Operator = (node) => alongAxis(node);

/** LogSoftmax → Softmax and Log: the logarithm of what was rounded, −∞ where a probability is 0 in single precision. */
export const logSoftmax: Operator = (node) => node.layer("Log", [alongAxis(node, "softmax")], {}, { inPlace: true });

function alongAxis(node: Scope, suffix?: string): Blob {
  const x = node.blob(0);
  const isOld = node.node.opset < 13;
  const axis = node.node.axis(x.shape, node.node.int("axis", isOld ? 1 : -1));
  const own = { suffix };
  const fields = (at: number) => (at === 1 ? {} : { softmaxParam: { axis: at } });
  if (!isOld || countOf(x.shape, axis) === x.shape[axis]) return node.layer("Softmax", [x], fields(axis), own);
  const flat = node.reshape(x, [countOf(x.shape, 0, axis), countOf(x.shape, axis)], "flat");
  const y = node.layer("Softmax", [flat], {}, { suffix: "softmax" });
  return node.reshape(y, x.shape, suffix);
}
