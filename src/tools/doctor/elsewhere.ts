import { formatNumber } from "../../util/number-format.js";
import type { Cause } from "./cause.js";
import type { Scored } from "./lab.js";
import { exchangeOf } from "./predictions.js";
import { isAtChance, skill } from "./scores.js";
import type { Subject } from "./subject.js";

/** Labels count as exchanged if an exchange makes the accuracy at least this, and this much more than it is. */
const [exchanged, gained] = [0.5, 0.3];
/** A net does worse on the data given than on those of training if its skill is this much less. */
const worse = 0.1;

/** What to look at where BatchNorm is innocent: labels, too little data, a net that has not learned. */
export function otherCauses({ given, training, givenIsTraining, judge }: Subject): Cause[] {
  const { predictions } = given.averages;
  const rest = losses(given.averages, training?.averages);
  if (!predictions) return rest;
  const found = exchangeOf(predictions);
  const accuracy = `accuracy ${formatNumber(predictions.accuracy, 4)}; guessing gives ${formatNumber(predictions.chance, 3)}`;
  if (found && found.accuracy >= exchanged && found.accuracy >= predictions.accuracy + gained) {
    const pairs = found.says.flatMap((says, label) => (says === label ? [] : [`${label} → ${says}`]));
    return [
      {
        kind: "labels",
        shown: true,
        title: "the labels are not those of the training: classes are exchanged",
        layers: [],
        evidence: [
          accuracy,
          `where the data say one class the net says another, always the same: ${pairs.slice(0, 5).join(", ")}${pairs.length > 5 ? ", …" : ""}`,
          `with the classes exchanged so the accuracy is ${formatNumber(found.accuracy, 4)}`,
        ],
        against: [],
        remedy: "Look at the list of classes, and whether labels begin at 0 or 1, in training and here.",
      },
    ];
  }
  const reference = training?.averages;
  const best = bestOf(training?.averages, training?.batch);
  if (isAtChance(given.averages) && (!best || isAtChance(best))) {
    const known = best !== undefined || givenIsTraining;
    return [
      {
        kind: "untrained",
        shown: known,
        title: known ? "the net knows nothing of its own training data" : "the net knows nothing of these data",
        layers: [],
        evidence: [
          accuracy,
          ...(reference ? [`on the data of training: ${judge.text(reference.scores)}`] : []),
          "with batch statistics it does not know more",
        ],
        against: [],
        remedy:
          "Look whether these are the weights of this net (moka lint --weights), whether its training has learned anything (its log), and at the labels.",
      },
      ...(known ? [] : [labelCause(accuracy, [])]),
    ];
  }
  const [own, reached] = [skill(given.averages), best && skill(best)];
  if (reference && own !== undefined && reached !== undefined && own < reached - worse) {
    const evidence = [
      `on the data of training ${judge.text(reference.scores)}, on the data given ${judge.text(given.averages.scores)}`,
      "the averages fit both, and batch statistics do no better",
    ];
    const overfitting: Cause = {
      kind: "overfitting",
      shown: false,
      title: "the net knows its training data by heart (overfitting)",
      layers: [],
      evidence: [
        ...evidence,
        ...(training.set.images < 1000
          ? [`${training.set.images} different images were seen of the training data`]
          : []),
      ],
      against: isAtChance(given.averages)
        ? ["it does no better than guessing here; overfitting seldom goes so far"]
        : [],
      remedy:
        "More or more varied training data, stronger weight_decay, dropout behind the last BatchNorm, a smaller net; compare the curves of training and test (moka parse_log).",
    };
    const labels = labelCause(
      accuracy,
      isAtChance(given.averages) ? [] : ["the net is right far more often than by guessing"],
    );
    return isAtChance(given.averages) ? [labels, overfitting] : [overfitting, labels];
  }
  return [];
}

function labelCause(accuracy: string, against: readonly string[]): Cause {
  return {
    kind: "labels",
    shown: false,
    title: "the labels do not belong to these images",
    layers: [],
    evidence: [accuracy, "the images themselves look like those of training at every BatchNorm"],
    against,
    remedy:
      "Look at some images with their labels: an order that was shuffled for one and not for the other, another list of classes.",
  };
}

function bestOf(...all: readonly (Scored | undefined)[]): Scored | undefined {
  const known = all.filter((each) => each?.predictions !== undefined) as Scored[];
  return known.sort((a, b) => (b.predictions?.accuracy ?? 0) - (a.predictions?.accuracy ?? 0))[0];
}

/** For a net with a loss alone: a loss that is several times that of training. */
function losses(given: Scored, training: Scored | undefined): Cause[] {
  const [own, reference] = [given.scores.loss, training?.scores.loss];
  if (own === undefined || reference === undefined || !(own > 2 * reference + 0.05)) return [];
  return [
    {
      kind: "overfitting",
      shown: false,
      title: "the net does worse on the data given than on those of training",
      layers: [],
      evidence: [
        `loss ${formatNumber(own, 4)}, ${formatNumber(reference, 4)} on the data of training; batch statistics do no better`,
      ],
      against: [],
      remedy:
        "Overfitting, labels that do not belong to the data, or data of another kind: compare the curves of training and test (moka parse_log), and look at some data with their labels.",
    },
  ];
}
