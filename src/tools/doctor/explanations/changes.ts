import type { LayerParameter, NetParameter } from "../../../proto/gen/caffe_pb.js";
import { grouped } from "../../../util/grouped.js";
import { formatNumber } from "../../../util/number-format.js";
import { counted, listed } from "../../../util/words.js";
import { statisticsIn } from "../../batch-norm/fit.js";
import type { Cause } from "../cause.js";
import { firstOf, screened } from "../data-set.js";
import type { Variant } from "../lab.js";
import { recordedChanges } from "../recorded-changes.js";
import { isPoor } from "../scores.js";
import { type Fit, fits, misfit, offOf, type Subject } from "../subject.js";
import { type Change, guessedChanges, segmentBefore, withEps } from "../variants.js";
import { attempt, fitting, type State, scoreLine } from "./state.js";

/** Another net: with layers or fields that the trained net had, by its record or by guess. */
export async function explainByChanges(subject: Subject, start: State, least: number): Promise<State> {
  const { lab, tried, recorded, given, judge } = subject;
  let state = start;
  for (let round = 0; round < 3; round++) {
    const [target] = offOf(state.fits);
    if (!target) break;
    const small = firstOf(state.side.set, screened);
    const base = misfitUpTo(state.fits, target);
    const candidates = candidateChanges(subject, target).filter(({ text }) => !isAccepted(state, text));
    const results: Result[] = [];
    for (const change of candidates) {
      const variant = { ...state.variant, message: change.apply(state.variant.message ?? subject.message) };
      const observed = await attempt(lab.observe(small, variant, target.norm.name));
      if (!observed) continue;
      const all = fits(subject, observed, state.averages, least);
      const own = all.find(({ norm }) => norm === target.norm);
      if (!own || !explains(own.divergence, target.divergence, change)) continue;
      results.push({ change, variant, total: misfitUpTo(all, target) });
    }
    const best = bestOf(results.filter(({ total }) => total < base / 2));
    const untaken = recorded.length > 0 ? "" : " (the weights have no record of the trained net)";
    if (!best) {
      if (candidates.length > 0) {
        tried.push(
          `${counted(candidates.length, "change")} of the net in front of ${target.norm.name}, as ${candidates[0]?.text}: none makes its averages fit${untaken}`,
        );
      }
      break;
    }
    const observed = await lab.observe(state.side.set, best.variant);
    const after = await lab.score(given.set, state.averages, best.variant);
    const all = fits(subject, observed, state.averages, least);
    const own = all.find(({ norm }) => norm === target.norm);
    if (!own || !explains(own.divergence, target.divergence, best.change) || judge.isWorse(after, given.averages)) {
      tried.push(`${best.change.text}: the averages of ${target.norm.name} fit, but the net scores less`);
      break;
    }
    tried.push(`the net with ${best.change.text}: ${judge.text(after.scores) || "the averages fit"}`);
    const { change } = best;
    const isEps = change.kind === "eps";
    const cause: Cause = {
      kind: change.kind,
      shown: true,
      title: isEps
        ? `eps is not that of the training: ${change.text}`
        : `the net is not as it was trained: it had ${change.text}`,
      layers: change.layers,
      evidence: [
        `with it, the averages of ${target.norm.name} fit what reaches it: ${formatNumber(own.divergence, 3)} nats, ${formatNumber(target.divergence, 3)} without`,
        ...(change.origin === "weights" ? ["the weights have a record of the trained net, which says so too"] : []),
        ...scoreLine(subject, "with it", after.scores),
      ],
      against: [],
      remedy: isEps
        ? "Set batch_norm_param.eps to that value. Calibrating would only hide the difference in part."
        : "Change the net so. Calibrating would only fit averages to a net that is not the trained one.",
    };
    state = {
      ...state,
      variant: best.variant,
      observed,
      fits: all,
      causes: [...state.causes, cause],
      after,
      isRecorded: change.origin === "weights",
    };
  }
  return state;
}

/** A guess must fit closely: of many, one may fit a little by chance. */
function explains(now: number, before: number, { origin }: Change): boolean {
  return origin === "weights" ? now <= fitting && now < before / 5 : now <= fitting / 3 && now < before / 10;
}

/** What the net scores with all that the record of the trained net has otherwise, where the averages cannot tell. */
export async function explainByRecord(subject: Subject, start: State, least: number): Promise<State> {
  const { graph, recorded, lab, given, judge, tried } = subject;
  const told = recordedChanges(graph.layers, recorded).filter(({ text }) => !text.startsWith("Dropout"));
  if (told.length === 0) return start;
  const message = told.reduce((net, change) => change.apply(net), subject.message);
  const after = await attempt(lab.score(given.set, start.averages, { message }));
  const observed = await attempt(lab.observe(start.side.set, { message }));
  if (!after || !observed) return start;
  const all = fits(subject, observed, start.averages, least);
  tried.push(
    `the net as the weights record it, with ${listed(
      told.map(({ text }) => text),
      3,
    )}: ${judge.text(after.scores)}`,
  );
  const isBetter = judge.isWorse(given.averages, after) ?? misfit(all) < misfit(start.fits) / 2;
  if (offOf(all).length > 0 || !isBetter) return start;
  const cause: Cause = {
    kind: told.every(({ kind }) => kind === "eps") ? "eps" : "structure",
    shown: true,
    title: `the net is not as it was trained: it had ${listed(
      told.map(({ text }) => text),
      3,
    )}`,
    layers: [...new Set(told.flatMap(({ layers }) => layers))],
    evidence: [
      "the weights have a record of the trained net, which says so",
      ...scoreLine(subject, "with it", after.scores),
    ],
    against: [],
    remedy: "Change the net so.",
  };
  return { ...start, variant: { message }, observed, fits: all, causes: [cause], after };
}

/**
 * An activation behind a layer that has none where most of its kind have one, where the averages cannot tell: no BatchNorm is behind
 * it, or the misfit is small. Better scores make it possible, no more.
 */
export async function explainByMissingActivation(subject: Subject, { side, averages }: State): Promise<Cause[]> {
  const { graph, lab, given, judge, tried, norms, kinds } = subject;
  const scales = norms.map(({ message, scale }) => scale ?? message);
  const isOpen = (layer: LayerParameter) =>
    !graph.readers(layer).some((end) => kinds.isActivation(graph.messageOf(end.layer)));
  const open = scales.filter(isOpen);
  if (open.length === 0 || 2 * open.length > scales.length || judge.text(given.averages.scores) === "") return [];
  const found: { change: Change; text: string; layer: string }[] = [];
  for (const change of guessedChanges(graph, open, kinds)) {
    const after = await attempt(lab.score(given.set, averages, { message: change.apply(subject.message) }));
    if (!after || judge.isWorse(given.averages, after) !== true || isPoor(after) === true) continue;
    found.push({ change, text: judge.text(after.scores), layer: change.layers[0] ?? "" });
  }
  tried.push(
    `${listed(
      open.map(({ name }) => name),
      3,
    )}, which no activation follows, with one: ${found[0]?.text ?? "no better"}`,
  );
  return found.slice(0, 1).map(({ change, text, layer }) => ({
    kind: "structure",
    shown: false,
    title: `the net may have been trained with ${change.text}`,
    layers: [layer],
    evidence: [
      `with it: ${text}; as it is: ${judge.text(given.averages.scores)}`,
      `${scales.length - open.length} of ${scales.length} layers like it have an activation behind them`,
    ],
    against: [
      `the averages fit on the data ${side.set.name === "training" ? "of training" : "given"} without it as well`,
    ],
    remedy: "Compare the net with the one that was trained.",
  }));
}

interface Result {
  readonly change: Change;
  readonly variant: Variant;
  readonly total: number;
}

/** The first of those that fit about as well as the best; the record of the trained net comes before guesses. */
function bestOf(results: readonly Result[]): Result | undefined {
  const first = Math.min(...results.map(({ change }) => rank(change)));
  const own = results.filter(({ change }) => rank(change) === first);
  const least = Math.min(...own.map(({ total }) => total));
  return own.find(({ total }) => total <= 1.5 * least + hardly);
}

/** Divergences of less are no difference, in nats. */
const hardly = 0.005;

/** Changes that the record of the trained net tells come first. */
function rank({ origin, kind }: Change): number {
  return origin === "weights" ? 0 : kind === "eps" ? 1 : 2;
}

function isAccepted({ causes }: State, text: string): boolean {
  return causes.some(({ title }) => title.endsWith(text));
}

function misfitUpTo(all: readonly Fit[], target: Fit): number {
  const end = all.findIndex(({ norm }) => norm === target.norm);
  return misfit(all.slice(0, end + 1));
}

function candidateChanges(subject: Subject, target: Fit): Change[] {
  const { graph, recorded, kinds } = subject;
  const told = recordedChanges(graph.layers, recorded);
  const eps = told.filter(({ kind }) => kind === "eps");
  const segment = segmentBefore(graph, target.norm.message);
  return [
    ...(eps.length > 1 ? [together(eps)] : []),
    ...told,
    ...epsChanges(subject),
    ...guessedChanges(graph, segment, kinds),
  ];
}

/** Several changes of eps as one. */
function together(changes: readonly Change[]): Change {
  const [first] = changes as readonly [Change];
  return {
    ...first,
    text: `${first.text}, and in ${counted(changes.length - 1, "more layer")}`,
    layers: changes.flatMap(({ layers }) => layers),
    apply: (message) => changes.reduce((result, change) => change.apply(result), message),
  };
}

/** The usual values of eps: Caffe's and PyTorch's, TensorFlow's, and one between. */
const usualEps = [1e-5, 1e-3, 1e-4];

/** Other values of eps where they would make a difference: at least a percent of a variance. */
function epsChanges({ norms, stored }: Subject): Change[] {
  const groups = grouped(norms, ({ eps }) => eps);
  return [...groups].flatMap(([eps, group]) => {
    const variances = group.flatMap(({ name }) => {
      const blobs = stored.get(name);
      return blobs ? [...(statisticsIn(blobs).variance as Float32Array)] : [];
    });
    const median = variances.sort((a, b) => a - b)[variances.length >> 1] ?? 1;
    const layers = group.map(({ name }) => name);
    return usualEps
      .filter(
        (value) => Math.abs(value - eps) > 0.01 * (median + Math.min(value, eps)) && Math.abs(value / eps - 1) > 0.01,
      )
      .map((value): Change => {
        return {
          text: `eps: ${formatNumber(value)} in ${listed(layers, 3)} instead of ${formatNumber(eps)}`,
          origin: "guess",
          kind: "eps",
          layers,
          apply: (message: NetParameter) => withEps(message, new Set(layers), value),
        };
      });
  });
}
