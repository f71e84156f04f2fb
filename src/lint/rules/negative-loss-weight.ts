import { formatNumber } from "../../util/number-format.js";
import type { Rule } from "../rule.js";

export const negativeLossWeight: Rule = {
  id: "negative-loss-weight",
  severity: "warning",
  summary: "a loss with a `loss_weight` below 0, which training makes larger",

  *check(net) {
    for (const layer of net.views.filter(({ phase }) => phase === "TRAIN").flatMap(({ layers }) => layers)) {
      // Losses are the layers whose unnamed tops the net adds. Other tops, as rewards, may have weights of any sign.
      if (!layer.facts?.autoTops) continue;
      for (const [index, weight] of layer.message.lossWeight.entries()) {
        if (weight >= 0) continue;
        const name = layer.message.top[index] ?? layer.name;
        yield {
          at: layer.values("loss_weight")[index]?.value ?? layer.at("loss_weight"),
          divergesFrom: 1,
          message: `${layer.label} has loss_weight ${formatNumber(weight)}: training makes its loss larger`,
          why:
            `The net's loss is ${formatNumber(weight)} times "${name}", and becomes smaller as "${name}" grows. Most losses have no upper ` +
            "limit: the weights grow with it until the loss is no number, or sticks at the highest that there is (87.3365 for a softmax).",
        };
      }
    }
  },
};
