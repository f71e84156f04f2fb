import { batchNormParam } from "../../layers/normalization/batch-norm-param.js";
import { formatNumber } from "../../util/number-format.js";
import { counted } from "../../util/words.js";
import { type BatchNorm, batchNorms } from "../batch-norms.js";
import type { LintLayer } from "../layer.js";
import { fractionOf, horizonOf } from "../moving-average.js";
import type { LintNet } from "../net.js";
import type { Fix, Problem, Rule } from "../rule.js";

export const bnFraction: Rule = {
  id: "bn-fraction",
  severity: "warning",
  summary: "a `moving_average_fraction` outside 0 … 1, or 1, or so small that the averages are those of a batch or two",

  *check(net) {
    for (const norm of net.views.filter(({ phase }) => phase === "TRAIN").flatMap(batchNorms)) {
      if (norm.usesGlobalStats) continue;
      const { movingAverageFraction: given } = batchNormParam(norm.layer.message);
      const found = given >= 0.5 && given < 1 ? undefined : diagnose(net, norm, fractionOf(norm.layer));
      if (found) yield { at: norm.layer.at("batch_norm_param", "moving_average_fraction"), ...found };
    }
  },
};

/** The largest number of single precision. */
const largest = 3.4028234663852886e38;
const sums = "Each forward makes M ← f·M + mean, V ← f·V + variance and s ← f·s + 1, and TEST goes by M/s and V/s";

function diagnose(net: LintNet, { layer, m }: BatchNorm, f: number): Omit<Problem, "at"> | undefined {
  const given = `moving_average_fraction ${formatNumber(f, 7)}`;
  if (!(f >= 0)) {
    const end = f === -1 ? "s is 0 after every second forward, for which TEST takes mean and variance as 0" : "";
    return {
      severity: "error",
      message: `${layer.label}: with ${given} forwards are taken off its averages instead of added`,
      why: `${sums}. With f below 0 every second forward counts against the others, and a variance can get below 0${end && `; ${end}`}.`,
    };
  }
  if (f > 1) {
    // s = (f^n − 1)/(f − 1) after n forwards.
    const forwards = Math.ceil(Math.log1p(largest * (f - 1)) / Math.log(f));
    return {
      severity: "error",
      message: `${layer.label}: with ${given} the first forwards count most in its averages`,
      why:
        `${sums}. With f above 1 the sums grow without end: the averages stay those of the untrained net, and after ` +
        `${counted(forwards, "forward")} s is more than a float can hold. TEST gives NaN when M and V are infinite too.`,
    };
  }
  if (f === 1) {
    // With a learning rate of 0, weights stay, and a plain mean over all forwards is the best one.
    if (net.solver?.baseLr === 0) return undefined;
    return {
      message: `${layer.label}: with ${given} its averages never forget`,
      why:
        `${sums}. With f = 1 all forwards count the same, those of the untrained net too: however long the training is, its ` +
        "first half weighs 50 %. It does not freeze the averages; use_global_stats: true does.",
    };
  }
  const { count } = net.ranks;
  const ofRanks = count > 1 ? ` on each of ${count} ranks` : "";
  const values = m === undefined ? "" : `, of ${counted(m, "value")} a channel${ofRanks}`;
  return {
    message: `${layer.label}: with ${given} its averages are hardly more than the last batch`,
    why:
      `f is the share of the old averages that stays, so they go over about 1/(1 − f) = ${formatNumber(horizonOf(f), 3)} forwards${values}, ` +
      "and TEST goes by whatever the last images were. " +
      `Other programs name the share of the new value: their ${f === 0 ? "0.1 is 0.9" : `${formatNumber(f, 7)} is ${formatNumber(1 - f, 7)}`} in Caffe.`,
    fix: f > 0 && f <= 0.3 ? setFraction(net, layer, 1 - f) : undefined,
  };
}

function setFraction({ edit }: LintNet, { body }: LintLayer, fraction: number): Fix | undefined {
  const value = formatNumber(fraction, 7);
  return body && { edits: edit.set(body, ["batch_norm_param", "moving_average_fraction"], value) };
}
