import type { LayerParameter } from "../../../proto/gen/caffe_pb.js";
import { formatNumber } from "../../../util/number-format.js";
import { listed } from "../../../util/words.js";
import type { Cause } from "../cause.js";
import { blobsOf, type Scored } from "../lab.js";
import { recordedDropouts } from "../recorded-changes.js";
import { type Fit, fits, fitting, namesOf, offOf, type Subject } from "../subject.js";
import { upstream } from "../variants.js";
import { attempt, type State, scoreLine } from "./state.js";

/** Dropout in front of a BatchNorm: it makes another variance in TRAIN than in TEST. */
export async function explainByDropout(subject: Subject, state: State): Promise<State> {
  const { graph, lab, tried, recorded, given } = subject;
  const [target] = offOf(state.fits);
  if (!target) return state;
  const told = recordedDropouts(graph.layers, recorded);
  const base = state.variant.message ?? subject.message;
  const dropouts = [
    ...base.layer
      .filter((layer) => layer.type === "Dropout" && isBefore(subject, layer, target))
      .map(({ name }) => name),
    ...told.flatMap(({ layers }) => layers),
  ];
  if (dropouts.length === 0) return state;
  const message = told.reduce((net, change) => change.apply(net), base);
  const what = "dropout as in TRAIN";
  const observed = await attempt(subject, what, lab.observe(state.side.set, { message, phase: "TRAIN" }));
  if (!observed) return state;
  const before = new Map(state.fits.map((fit) => [fit.norm.name, fit]));
  const all = fits(subject, observed, state.averages, state.least);
  const better = all.filter(({ norm, divergence }) => {
    const was = before.get(norm.name);
    return was?.isOff && divergence <= fitting && divergence < was.divergence / 5;
  });
  const now = better.find(({ norm }) => norm === target.norm);
  if (!now) {
    tried.push(`${what}: the averages of ${target.norm.name} do not fit with it either`);
    return state;
  }
  const names = namesOf(better);
  const measured = new Map(state.averages);
  for (const name of names) {
    const norm = state.observed.norms.get(name);
    if (norm) measured.set(name, blobsOf(norm));
  }
  const after = await lab.score(given.set, measured, state.variant);
  tried.push(`${what}: the averages of ${listed(names, 3)} fit with it`);
  const cause = causeOf(subject, names, [...new Set(dropouts)], [target, now], after);
  const explained = all.map((fit) => (better.includes(fit) ? fit : (before.get(fit.norm.name) ?? fit)));
  return { ...state, averages: measured, fits: explained, causes: [...state.causes, cause], after };
}

/** Whether a layer is in front of a BatchNorm; a layer that TEST does not have counts too. */
function isBefore({ graph }: Subject, { name }: LayerParameter, { norm }: Fit): boolean {
  const isHere = (layers: Iterable<LayerParameter>) => [...layers].some((layer) => layer.name === name);
  return !isHere(graph.layers) || isHere(upstream(graph, norm.message));
}

/** @param names the layers whose averages fit with dropout; `pair`: the fit of the first of them, without it and with it */
function causeOf(
  subject: Subject,
  names: readonly string[],
  dropouts: readonly string[],
  [without, withIt]: readonly [Fit, Fit],
  after: Scored,
): Cause {
  const { name } = without.norm;
  const [who, drops, multiplies] =
    dropouts.length === 1 ? ["the Dropout layer", "drops", "multiplies"] : ["the Dropout layers", "drop", "multiply"];
  return {
    kind: "dropout",
    shown: true,
    title: "dropout in front of BatchNorm: the variance in TEST is another than in TRAIN",
    layers: names,
    evidence: [
      `${who} ${listed(dropouts, 3)} in front of ${name} ${drops} values in TRAIN only, and ${multiplies} the others there`,
      `with dropout as in TRAIN the averages of ${name} fit what reaches it: ${formatNumber(withIt.divergence, 3)} nats, ${formatNumber(without.divergence, 3)} without, as in TEST`,
      ...scoreLine(subject, "with averages measured without dropout", after.scores),
    ],
    against: [],
    remedy:
      "Put Dropout behind the last BatchNorm, and train again (Li et al. 2018, variance shift); moka calibrate measures the averages " +
      "without dropout, as TEST has it.",
  };
}
