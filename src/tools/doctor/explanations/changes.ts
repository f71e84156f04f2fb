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
import { type Fit, fits, fitting, misfit, offOf, type Subject } from "../subject.js";
import { type Change, guessedChanges, segmentBefore, withEps } from "../variants.js";
import { attempt, type State, scoreLine } from "./state.js";

/** Each round finds one difference. */
const mostRounds = 3;

/** Another net: with layers or fields that the trained net had, by its record or by guess. */
export async function explainByChanges(subject: Subject, start: State): Promise<State> {
  let state = start;
  const taken = new Set<string>();
  for (let round = 0; round < mostRounds; round++) {
    const [target] = offOf(state.fits);
    const best = target && (await bestChange(subject, state, target, taken));
    const next = best && (await withChange(subject, state, target, best));
    if (!next) break;
    taken.add(best.change.text);
    state = next;
  }
  return state;
}

interface Result {
  readonly change: Change;
  readonly variant: Variant;
  readonly total: number;
}

/** The change with which the averages of `target` fit best on some of the data, if there is one with which they do. */
async function bestChange(
  subject: Subject,
  state: State,
  target: Fit,
  taken: ReadonlySet<string>,
): Promise<Result | undefined> {
  const { lab, tried, recorded } = subject;
  const few = firstOf(state.side.set, screened);
  const candidates = candidateChanges(subject, target).filter(({ text }) => !taken.has(text));
  const results: Result[] = [];
  for (const change of candidates) {
    const variant = { ...state.variant, message: change.apply(state.variant.message ?? subject.message) };
    const observed = await attempt(subject, titled(change), lab.observe(few, variant, target.norm.name));
    if (!observed) continue;
    const all = fits(subject, observed, state.averages, state.least);
    if (explains(all, target, change)) results.push({ change, variant, total: misfitUpTo(all, target) });
  }
  const most = misfitUpTo(state.fits, target) / 2;
  const best = bestOf(results.filter(({ total }) => total < most));
  const [first, ...others] = candidates;
  if (!best && first) {
    const more = others.length > 0 ? ` or one of ${counted(others.length, "other change")}` : "";
    const without = recorded.length > 0 ? "" : "; the weights have no record of the trained net";
    tried.push(`${titled(first)}${more}: the averages of ${target.norm.name} do not fit with it${without}`);
  }
  return best;
}

/** The state with a change, tried on all data; undefined if the averages do not fit there, or the net scores less. */
async function withChange(
  subject: Subject,
  state: State,
  target: Fit,
  { change, variant }: Result,
): Promise<State | undefined> {
  const { lab, tried, given, judge } = subject;
  const observed = await lab.observe(state.side.set, variant);
  const all = fits(subject, observed, state.averages, state.least);
  const now = explains(all, target, change);
  if (!now) {
    tried.push(`${titled(change)}: the averages of ${target.norm.name} fit on the first images, and not on all`);
    return undefined;
  }
  const after = await lab.score(given.set, state.averages, variant);
  if (judge.isWorse(after, given.averages)) {
    tried.push(`${titled(change)}: the averages of ${target.norm.name} fit, but the net scores less`);
    return undefined;
  }
  tried.push(`${titled(change)}: ${judge.text(after.scores) || "the averages fit"}`);
  const isEps = change.kind === "eps";
  const isRecorded = change.origin === "weights";
  const cause: Cause = {
    kind: change.kind,
    shown: true,
    title: isEps
      ? `eps is not that of the training: ${change.text}`
      : `the net is not as it was trained: it had ${change.text}`,
    layers: change.layers,
    evidence: [
      `with it, the averages of ${target.norm.name} fit what reaches it: ${formatNumber(now.divergence, 3)} nats; without it, ${formatNumber(target.divergence, 3)}`,
      ...(isRecorded ? ["the weights have a record of the trained net, which says so too"] : []),
      ...scoreLine(subject, "with it", after.scores),
    ],
    against: [],
    remedy: isEps
      ? "Set batch_norm_param.eps to that value. Calibrating would only hide the difference in part."
      : "Change the net so. Calibrating would only fit averages to a net that is not the trained one.",
  };
  return { ...state, variant, observed, fits: all, causes: [...state.causes, cause], after, isRecorded };
}

function titled({ text }: Change): string {
  return `the net with ${text}`;
}

/** The fit of `target` with a change, if it is close. A guess must fit closer: of many, one may fit a little by chance. */
function explains(all: readonly Fit[], target: Fit, { origin }: Change): Fit | undefined {
  const now = all.find(({ norm }) => norm === target.norm);
  const [limit, share] = origin === "weights" ? [fitting, 1 / 5] : [fitting / 3, 1 / 10];
  return now && now.divergence <= limit && now.divergence < share * target.divergence ? now : undefined;
}

/** What the net scores with all that the record of the trained net has otherwise, where the averages cannot tell. */
export async function explainByRecord(subject: Subject, start: State): Promise<State> {
  const { graph, recorded, lab, given, judge, tried } = subject;
  const told = recordedChanges(graph.layers, recorded);
  if (told.length === 0) return start;
  const text = listed(
    told.map((change) => change.text),
    3,
  );
  const what = `the net as the weights record it, with ${text}`;
  const message = told.reduce((net, change) => change.apply(net), subject.message);
  const after = await attempt(subject, what, lab.score(given.set, start.averages, { message }));
  const observed = after && (await attempt(subject, what, lab.observe(start.side.set, { message })));
  if (!after || !observed) return start;
  const all = fits(subject, observed, start.averages, start.least);
  const fit = offOf(all).length === 0 ? "the averages fit" : "the averages do not fit";
  tried.push(`${what}: ${[fit, judge.text(after.scores)].filter((part) => part !== "").join("; ")}`);
  const isBetter = judge.isWorse(given.averages, after) ?? misfit(all) < misfit(start.fits) / 2;
  if (offOf(all).length > 0 || !isBetter) return start;
  const cause: Cause = {
    kind: told.every(({ kind }) => kind === "eps") ? "eps" : "structure",
    shown: true,
    title: `the net is not as it was trained: it had ${text}`,
    layers: [...new Set(told.flatMap(({ layers }) => layers))],
    evidence: [
      "the weights have a record of the trained net, which says so",
      ...scoreLine(subject, "with it", after.scores),
    ],
    against: [],
    remedy: "Change the net so. The averages are right as they are.",
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
    const message = change.apply(subject.message);
    const after = await attempt(subject, titled(change), lab.score(given.set, averages, { message }));
    if (!after || judge.isWorse(given.averages, after) !== true || isPoor(after) === true) continue;
    found.push({ change, text: judge.text(after.scores), layer: change.layers[0] ?? "" });
  }
  const names = listed(
    open.map(({ name }) => name),
    3,
  );
  tried.push(`an activation behind ${names}, where there is none: ${found[0]?.text ?? "the net scores no better"}`);
  return found.slice(0, 1).map(({ change, text, layer }) => ({
    kind: "structure",
    shown: false,
    title: `the net may have been trained with ${change.text}`,
    layers: [layer],
    evidence: [
      `with it: ${text}; as it is: ${judge.text(given.averages.scores)}`,
      `of ${counted(scales.length, "layer")} like it, ${scales.length - open.length} have an activation behind them`,
    ],
    against: [
      `the averages fit on the data ${side.set.name === "training" ? "of training" : "given"} without it as well`,
    ],
    remedy: "Compare the net with the one that was trained.",
  }));
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
    ...(eps.length > 1 ? [asOne(eps)] : []),
    ...told,
    ...epsChanges(subject),
    ...guessedChanges(graph, segment, kinds),
  ];
}

/** Several changes of eps as one. */
function asOne(changes: readonly Change[]): Change {
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
