import { formatNumber } from "../../util/number-format.js";
import { counted } from "../../util/words.js";
import { batchNorms } from "../batch-norms.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Fix, Problem, Rule } from "../rule.js";
import { epsOf, statisticsOf } from "../statistics.js";

export const bnEps: Rule = {
  id: "bn-eps",
  severity: "warning",
  summary: "an `eps` of a BatchNorm that is 0, negative, or not small beside the variance that it is added to",

  *check(net) {
    for (const layer of new Set(net.views.flatMap(batchNorms).map((norm) => norm.layer))) {
      const found = diagnose(net, layer, Number(epsOf(layer).toPrecision(7)));
      if (found) yield { at: layer.at("batch_norm_param", "eps"), ...found };
    }
  },
};

/** From here on eps is more than rounding and dead channels need. Published nets have at most 0.001. */
const large = 0.1;
/** From here on a channel of variance 1 loses more than 18 % of its scale. */
const tooLarge = 0.5;

function diagnose(net: LintNet, layer: LintLayer, eps: number): Omit<Problem, "at"> | undefined {
  if (eps > 0 && eps < large) return undefined;
  const given = formatNumber(eps);
  const variances = (net.weights && statisticsOf(net.weights, layer)?.variance) ?? [];
  const inWeights = (limit: number) => {
    const below = variances.filter((variance) => variance <= limit).length;
    return variances.length > 0
      ? ` In the weights given that is so for ${below} of ${counted(variances.length, "channel")}.`
      : "";
  };
  if (!(eps >= 0)) {
    return {
      severity: "error",
      message: `${layer.label} has an eps of ${given}: it takes the root of negative numbers`,
      why:
        `BatchNorm divides by √(variance + eps). One NaN is enough to make the whole net NaN, and ` +
        `a channel that is the same throughout has variance 0. A variance below ${formatNumber(-eps)} gives one.${inWeights(-eps)}`,
      fix: removeEps(net, layer),
      divergesFrom: 0,
    };
  }
  if (eps === 0) {
    return {
      message: `${layer.label} has an eps of 0: a channel that does not vary is divided by 0`,
      why:
        "BatchNorm divides by √(variance + eps). A channel that is the same over a batch, as one of weights that are 0, gives " +
        `0/0 = NaN, and the loss with it; with the default 1e-5 it gives 0.${inWeights(0)}`,
      fix: removeEps(net, layer),
      divergesFrom: 0,
    };
  }
  return {
    severity: eps < tooLarge ? "info" : "warning",
    message: `${layer.label} has an eps of ${given}, which is not small beside the variance of a channel`,
    why:
      `BatchNorm divides by √(variance + eps). A channel of variance 1 comes out with a standard deviation of ${deviation(1, eps)} ` +
      `instead of 1, one of variance 0.01 with ${deviation(0.01, eps)}: weak channels stay weak. The default is 1e-5, and nets from ` +
      `elsewhere have 1e-3. Weights need the eps that they were trained with.${variances.length > 0 ? ` ${variances.filter((v) => v < eps).length} of ${counted(variances.length, "channel")} in the weights given have a variance below it.` : ""}`,
  };
}

/** The standard deviation of a channel behind the BatchNorm. */
function deviation(variance: number, eps: number): string {
  return formatNumber(Math.sqrt(variance / (variance + eps)), 2);
}

function removeEps({ edit }: LintNet, layer: LintLayer): Fix | undefined {
  const fields = layer.fields("batch_norm_param", "eps");
  return fields.length > 0
    ? { edits: fields.flatMap((field) => edit.remove(field, ...layer.owners(field))) }
    : undefined;
}
