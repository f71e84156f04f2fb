import type { LintNet } from "../net.js";
import { type Renormalized, renormalized } from "../renormalized.js";
import type { Problem, Rule } from "../rule.js";
import { undoRenormalized } from "../undo-renormalized.js";

export const bnTwice: Rule = {
  id: "bn-twice",
  severity: "warning",
  summary: "a BatchNorm right behind another, or behind a Scale, so that one of them does nothing",

  *check(net) {
    for (const found of renormalized(net)) yield problemOf(net, found);
  },
};

function problemOf(net: LintNet, found: Renormalized): Problem {
  const { norm, first, affine } = found;
  const { layer, scale } = norm;
  const labels = affine.map(({ label }) => label).join(" and ");
  const fix = undoRenormalized(net, found);
  if (first) {
    const severity = norm.usesGlobalStats ? "info" : "warning";
    const between = affine.length > 0;
    const repeats = `${layer.label} normalizes what BatchNorm "${first.name}" has just normalized`;
    const useless = between
      ? `${scale ? `${labels} and "${layer.name}" do` : `"${layer.name}" does`} nothing`
      : "it does nothing";
    return {
      at: layer.at(),
      severity,
      message: `${repeats}: ${useless}`,
      why: between
        ? `The second BatchNorm takes away what ${labels} has learned: it subtracts every channel's mean and divides by its standard deviation, so ` +
          "that only the sign of γ is left. One BatchNorm with one Scale behind it computes the same."
        : `Every channel of "${layer.message.bottom[0]}" has mean 0 and variance 1 there already, so the second one changes it by no more than eps ` +
          "and rounding do. It costs its time in each pass, and has averages of its own. One BatchNorm is enough, with one Scale behind it.",
      fix,
    };
  }
  const [start] = affine;
  const swapped = scale ? "" : " It belongs behind the BatchNorm.";
  return {
    at: (start ?? layer).at(),
    message: `${labels} stands before BatchNorm "${layer.name}", which takes away what it learns: it does nothing`,
    why:
      "BatchNorm subtracts every channel's mean and divides by its standard deviation, and with them the β and γ before it: only " +
      `the sign of γ is left.${swapped} ${net.weights ? "" : "Averages that were trained with it are those of what it makes: have weights repaired along with the text (--weights)."}`.trimEnd(),
    fix,
  };
}
