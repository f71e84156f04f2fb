import { grouped } from "../../../util/grouped.js";
import { formatNumber } from "../../../util/number-format.js";
import { listed } from "../../../util/words.js";
import { divergences, mean } from "../../batch-norm/fit.js";
import type { NormLayer } from "../../batch-norm/norm-layers.js";
import type { Cause } from "../cause.js";
import { blobsOf } from "../lab.js";
import { fitting, namesOf, offOf, type Subject } from "../subject.js";
import { type State, scoreLine } from "./state.js";

/** BatchNorm layers that share their averages by `param { name }`, and see different inputs. */
export async function explainBySharing(subject: Subject, state: State): Promise<State> {
  const groups = [...grouped(subject.norms, ({ message }) => message.param.map(({ name }) => name).join(" "))]
    .filter(([names, group]) => names.trim() !== "" && group.length > 1)
    .map(([, group]) => group);
  const off = new Set(namesOf(offOf(state.fits)));
  let current = state;
  for (const group of groups) {
    if (group.some(({ name }) => off.has(name))) current = await withOwnAverages(subject, current, group);
  }
  return current;
}

/** Gives each layer of a group averages of its own. */
async function withOwnAverages(subject: Subject, state: State, group: readonly NormLayer[]): Promise<State> {
  const { lab, judge, given, tried } = subject;
  const measured = group.flatMap((norm) => {
    const own = state.observed.norms.get(norm.name);
    return own ? [{ ...norm, own }] : [];
  });
  const [first, ...others] = measured;
  const [farthest] = others
    .map(({ name, own }) => ({ name, apart: first ? mean(divergences(own, first.own, first.eps)) : 0 }))
    .sort((a, b) => b.apart - a.apart);
  if (!first || !farthest) return state;
  const names = listed(namesIn(measured), 3);
  if (!(farthest.apart > fitting / 2)) {
    tried.push(`what reaches ${names}, which share averages, is alike`);
    return state;
  }
  const averages = new Map(state.averages);
  for (const { name, own } of measured) averages.set(name, blobsOf(own));
  const after = await lab.score(given.set, averages, state.variant);
  tried.push(`averages of its own for each of ${names}: ${judge.text(after.scores) || "they fit"}`);
  if (judge.isWorse(given.averages, after) === false) return state;
  const cause: Cause = {
    kind: "shared",
    shown: true,
    title: `one BatchNorm for different inputs: ${names} share their averages`,
    layers: namesIn(group),
    evidence: [
      `what reaches ${first.name} and ${farthest.name} differs by ${formatNumber(farthest.apart, 3)} nats a channel, so one average cannot fit both`,
      ...scoreLine(subject, "with averages of its own for each", after.scores),
    ],
    against: [],
    remedy:
      "Give each its own averages: other names in param { name }, or none (the weights of the convolutions can stay shared); then " +
      "moka calibrate measures them. moka lint explains it as bn-shared.",
  };
  const fitted = state.fits.map((fit) => (group.includes(fit.norm) ? { ...fit, divergence: 0, isOff: false } : fit));
  return { ...state, averages, fits: fitted, causes: [...state.causes, cause], after };
}

function namesIn(norms: readonly NormLayer[]): string[] {
  return norms.map(({ name }) => name);
}
