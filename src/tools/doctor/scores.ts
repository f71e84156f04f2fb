import { formatNumber } from "../../util/number-format.js";
import type { Scores } from "../batch-norm/outputs.js";
import type { Scored } from "./lab.js";

/** A loss is worse from a tenth more on, and 0.01; an accuracy from a point less on. */
const [lossShare, lossStep, accuracyStep] = [0.1, 0.01, 0.01];

/** Compares the scores of a net. */
export class Judge {
  readonly #accuracies: ReadonlySet<string>;

  /** @param accuracies the outputs of which more is better */
  constructor(accuracies: ReadonlySet<string>) {
    this.#accuracies = accuracies;
  }

  /** Whether `these` are worse than `those`; undefined if they have neither loss nor accuracy. A score of NaN is worse. */
  isWorse(these: Scored, those: Scored): boolean | undefined {
    const [own, other] = [these.scores, those.scores];
    // Accuracy takes a score of NaN for the best, so it says nothing there.
    if (Number.isNaN(other.loss)) return Number.isNaN(own.loss);
    const lost = [...this.#accuracies].some((name) => {
      const reached = other.outputs[name] ?? 0;
      return !((own.outputs[name] ?? 0) >= reached - accuracyStepOf(reached, those.predictions?.count));
    });
    if (own.loss !== undefined && other.loss !== undefined) {
      return lost || !(own.loss <= (1 + lossShare) * other.loss + lossStep);
    }
    return this.#accuracies.size > 0 ? lost : undefined;
  }

  /** `acc 0.916` for each output. */
  text({ outputs }: Scores): string {
    return Object.entries(outputs)
      .map(([name, value]) => `${name} ${formatNumber(value, 4)}`)
      .join(", ");
  }
}

/** The difference of two accuracies that is more than chance: 1.5 times the standard error of one over `count` images. */
function accuracyStepOf(accuracy: number, count = Number.POSITIVE_INFINITY): number {
  const share = Math.min(1, Math.max(0, accuracy));
  return Math.max(accuracyStep, 1.5 * Math.sqrt((share * (1 - share)) / count));
}

/** From this share of the way from chance to 1 on, a net knows its data. */
const half = 0.5;
/** Below this share of the way it knows nothing of them. */
const nothing = 0.1;

export function skill({ predictions }: Scored): number | undefined {
  if (!predictions || predictions.chance >= 1) return undefined;
  return (predictions.accuracy - predictions.chance) / (1 - predictions.chance);
}

/** Whether a net is far from knowing its data; undefined if it does not classify. */
export function isPoor(scored: Scored): boolean | undefined {
  const value = skill(scored);
  return value === undefined ? undefined : value < half;
}

export function isAtChance(scored: Scored): boolean | undefined {
  const value = skill(scored);
  return value === undefined ? undefined : value < nothing;
}
