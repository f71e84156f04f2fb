import { type Activation, activationBefore, isNormalized } from "../activations.js";
import { andOthers, batchNorms } from "../batch-norms.js";
import type { Rule } from "../rule.js";

export const bnAfterActivation: Rule = {
  id: "bn-after-activation",
  severity: "info",
  summary:
    "a BatchNorm behind a Sigmoid or TanH, or behind an activation with only pooling, dropout or the like between",

  *check({ views, layers }) {
    const found = new Map(
      views.flatMap(batchNorms).flatMap(({ view, layer }) => {
        const activation = activationBefore(view, layer);
        if (!activation || (activation.kind === "rectifier" && !activation.through)) return [];
        // Pre-activation nets normalize, rectify and pool once at the start, and again in each block. This is not a mistake.
        if (activation.through && isNormalized(view, activation.layer)) return [];
        return [[layer, activation] as const];
      }),
    );
    const [first, ...others] = layers.filter((layer) => found.has(layer));
    const activation = first && found.get(first);
    if (!first || !activation) return;
    const through = activation.through ? `, through ${activation.through.label}` : "";
    yield {
      at: first.at(),
      message: `${first.label} comes behind ${activation.layer.label}${through}${andOthers(others)}`,
      why: reason(activation),
    };
  },
};

function reason({ kind, layer, through }: Activation): string {
  if (kind === "saturating") {
    return (
      `Batch normalization keeps what goes into a ${layer.type} where that is steep. Behind it the values are already between ` +
      `${layer.type === "TanH" ? "−1" : "0"} and 1: where "${layer.name}" is flat its gradient is gone, and normalizing its ` +
      "output does not bring it back."
    );
  }
  return (
    `What "${layer.name}" gets is not normalized, and what comes out of "${through?.name}" is: statistics are over values that ` +
    "were rectified first, and cannot be folded into the convolution before. The paper normalizes between the convolution and " +
    "its activation."
  );
}
