import { batchNorms } from "../batch-norms.js";
import type { Rule } from "../rule.js";

export const scaleWithoutBias: Rule = {
  id: "scale-without-bias",
  severity: "warning",
  summary: "the Scale behind a BatchNorm learns no shift: it lacks `bias_term: true`",

  *check({ views, edit }) {
    for (const { layer, scale } of views.flatMap(batchNorms)) {
      if (!scale || scale.message.scaleParam?.biasTerm) continue;
      yield {
        at: scale.at("scale_param", "bias_term"),
        message: `${scale.label} scales what BatchNorm "${layer.name}" normalized, but has no bias_term: true`,
        why:
          `Every channel of "${layer.message.top[0]}" has mean 0, and without a shift it keeps that: the layers behind cannot ` +
          "move what they get, as the γ·y + β of batch normalization does.",
        fix: scale.body && { edits: edit.set(scale.body, ["scale_param", "bias_term"], "true") },
      };
    }
  },
};
