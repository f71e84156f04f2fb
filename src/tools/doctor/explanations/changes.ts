import type { NetParameter } from "../../../proto/gen/caffe_pb.js";
import { grouped } from "../../../util/grouped.js";
import { formatNumber } from "../../../util/number-format.js";
import { counted, listed } from "../../../util/words.js";
import { statisticsIn } from "../../batch-norm/fit.js";
import type { Cause } from "../cause.js";
import { firstOf, screened } from "../data-set.js";
import type { Variant } from "../lab.js";
import { recordedChanges } from "../recorded-changes.js";
import { type Fit, fits, fitting, misfit, offOf, type Subject } from "../subject.js";
import { type Change, guessedChanges, segmentBefore, titled, withEps } from "../variants.js";
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

/** The fit of `target` with a change, if it is close. A guess must fit closer: of many, one may fit a little by chance. */
function explains(all: readonly Fit[], target: Fit, { origin }: Change): Fit | undefined {
  const now = all.find(({ norm }) => norm === target.norm);
  const [limit, share] = origin === "weights" ? [fitting, 1 / 5] : [fitting / 3, 1 / 10];
  return now && now.divergence <= limit && now.divergence < share * target.divergence ? now : undefined;
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
