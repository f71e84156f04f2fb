import { product } from "./activation.js";
import { clipped } from "./clip.js";
import type { Imported, Scope } from "./scope.js";
import type { Blob } from "./value.js";

/** HardSigmoid, min(max(alpha·x + beta, 0), 1) → HardSigmoid, or Power and a clip: exact. */
export function hardSigmoid(node: Scope): Imported {
  const [alpha, beta] = [node.node.float("alpha", 0.2), node.node.float("beta", 0.5)];
  return sigmoidOf(node, node.blob(0), alpha, beta, true);
}

/** HardSwish, x·hardsigmoid(x) with 1/6 and 1/2 → HardSwish, or its parts; the parts round once more. */
export function hardSwish(node: Scope): Imported {
  const x = node.blob(0);
  if (node.can("HardSwish")) return node.layer("HardSwish", [x], {}, { inPlace: true });
  return product(node, x, sigmoidOf(node, x, 1 / 6, 0.5, false, "gate"));
}

function sigmoidOf(node: Scope, x: Blob, alpha: number, beta: number, inPlace: boolean, suffix?: string): Blob {
  if (node.can("HardSigmoid")) {
    const options = { inPlace, suffix };
    return node.layer("HardSigmoid", [x], { hardSigmoidParam: { alpha, beta } }, options);
  }
  const line = node.layer("Power", [x], { powerParam: { scale: alpha, shift: beta } }, { suffix: "line", inPlace });
  return clipped(node, line, 0, 1, suffix);
}
