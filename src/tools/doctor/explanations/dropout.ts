import { formatNumber } from "../../../util/number-format.js";
import { listed } from "../../../util/words.js";
import type { Cause } from "../cause.js";
import { blobsOf } from "../lab.js";
import { recordedChanges } from "../recorded-changes.js";
import { fits, namesOf, offOf, type Subject } from "../subject.js";
import { attempt, fitting, type State, scoreLine } from "./state.js";

/** Dropout in front of a BatchNorm: it makes another variance in TRAIN than in TEST. */
export async function explainByDropout(subject: Subject, state: State, least: number): Promise<State> {
  const { graph, lab, tried, recorded, given } = subject;
  const [target] = offOf(state.fits);
  if (!target) return state;
  const isDropout = ({ type }: { readonly type: string }) => type === "Dropout";
  const told = recordedChanges(graph.layers, recorded).filter(({ layers }) =>
    recorded.some((layer) => isDropout(layer) && layers.includes(layer.name)),
  );
  const base = state.variant.message ?? subject.message;
  const own = base.layer.filter(isDropout);
  if (own.length + told.length === 0) return state;
  const message = told.reduce((net, change) => change.apply(net), base);
  const observed = await attempt(lab.observe(state.side.set, { message, phase: "TRAIN" }));
  if (!observed) return state;
  const before = new Map(state.fits.map((fit) => [fit.norm.name, fit]));
  const all = fits(subject, observed, state.averages, least);
  const better = all.filter(({ norm, divergence }) => {
    const was = before.get(norm.name);
    return was?.isOff && divergence <= fitting && divergence < was.divergence / 5;
  });
  const now = all.find(({ norm }) => norm === target.norm);
  if (!better.some(({ norm }) => norm === target.norm) || !now) {
    tried.push(`dropout as in TRAIN: the averages of ${target.norm.name} do not fit with it either`);
    return state;
  }
  const names = namesOf(better);
  const measured = new Map(state.averages);
  for (const name of names) {
    const norm = state.observed.norms.get(name);
    if (norm) measured.set(name, blobsOf(norm));
  }
  const after = await lab.score(given.set, measured, state.variant);
  tried.push(`dropout as in TRAIN: the averages of ${listed(names, 3)} fit with it`);
  const dropouts = [...own, ...recorded.filter(({ name }) => told.some(({ layers }) => layers.includes(name)))];
  const cause: Cause = {
    kind: "dropout",
    shown: true,
    title: `dropout in front of BatchNorm: the variance in TEST is another than in TRAIN`,
    layers: names,
    evidence: [
      `${listed([...new Set(dropouts.map(({ name }) => name))], 3)}, in front of ${names[0]}, drops values in TRAIN only, and multiplies the others`,
      `with dropout as in TRAIN the averages of ${target.norm.name} fit what reaches it: ${formatNumber(now.divergence, 3)} nats, ${formatNumber(target.divergence, 3)} without, as in TEST`,
      ...scoreLine(subject, "with averages measured without dropout", after.scores),
    ],
    against: [],
    remedy:
      "Put Dropout behind the last BatchNorm, and train again (Li et al. 2018, variance shift); moka calibrate measures the averages " +
      "without dropout, as TEST has it.",
  };
  const explained = all.map((fit) => (better.includes(fit) ? fit : (before.get(fit.norm.name) ?? fit)));
  return { ...state, averages: measured, fits: explained, causes: [...state.causes, cause], after };
}
