import { activationBefore, isNormalized } from "../activations.js";
import { andOthers, batchNorms } from "../batch-norms.js";
import type { Rule } from "../rule.js";

export const reluBeforeBn: Rule = {
  id: "relu-before-bn",
  severity: "info",
  summary: "a ReLU (or PReLU, ELU) right before a BatchNorm, where the paper has it right behind",

  *check({ views, layers }) {
    const found = new Map(
      views.flatMap(batchNorms).flatMap(({ view, layer }) => {
        const activation = activationBefore(view, layer);
        if (activation?.kind !== "rectifier" || activation.through) return [];
        // Pre-activation nets normalize and rectify once at the start, and again in each block. This is not a mistake.
        return isNormalized(view, activation.layer) ? [] : [[layer, activation.layer] as const];
      }),
    );
    const [first, ...others] = layers.filter((layer) => found.has(layer));
    const activation = first && found.get(first);
    if (!first || !activation) return;
    const cuts = activation.type === "ReLU" && !activation.message.reluParam?.negativeSlope;
    yield {
      at: first.at(),
      message: `${first.label} normalizes what ${activation.label} has rectified${andOthers(others)}`,
      why:
        (cuts
          ? "Its means and variances are over values of which many are 0, so they say as much of how many are 0 as of how large " +
            "the others are. "
          : "Its means and variances are of values that are already bent at 0. ") +
        "The paper normalizes what goes into the ReLU, and most published weights are for that order. Nets train with " +
        "both; weights and folding into the convolution before ask for the one they were made with.",
    };
  },
};
