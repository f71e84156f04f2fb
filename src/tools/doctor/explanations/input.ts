import { formatNumber } from "../../../util/number-format.js";
import type { Batch } from "../../batch-norm/batches.js";
import { type ChannelStatistics, statisticsIn } from "../../batch-norm/fit.js";
import type { NormBlobs, NormLayer } from "../../batch-norm/norm-layers.js";
import type { Cause } from "../cause.js";
import { type Batches, changed, firstOf, screened } from "../data-set.js";
import {
  changeBatch,
  describeChange,
  fittingScale,
  fittingShift,
  type InputChange,
  isUsualScale,
  noChange,
} from "../input-changes.js";
import { type Fit, fits, fitting, isFirstLevel, type Subject, worstOf } from "../subject.js";
import { upstream } from "../variants.js";
import { isSettled, type State, scoreLine } from "./state.js";

/** Each channel that may have its own shift costs a run. */
const mostShifted = 4;

/** Divergences below this are no reason to prefer one change to a simpler one, in nats. */
const harmlessly = 0.01;

/** Data on another scale, with another mean, or with channels in reverse order. */
export async function explainByInput(subject: Subject, state: State): Promise<State> {
  const input = inputOf(subject, state);
  if (!input) return state;
  const ordered = simplest(await trials(subject, state, input), input.worst);
  if (ordered.length === 0) {
    const name = input.worst.norm.name;
    subject.tried.push(`the data scaled, moved or with channels in reverse order: ${name} does not fit with any`);
  }
  // What fits the first layers alone need not fit those behind.
  const ends: State[] = [];
  for (const { change } of ordered.slice(0, mostRun)) {
    const end = await withInput(subject, state, input, change);
    if (isSettled(end)) return end;
    ends.push(end);
  }
  return ends[0] ?? state;
}

/** As many changes that fit the first layers are tried on all data. */
const mostRun = 3;

/** The way of the data into a net. */
interface Input {
  /** The first BatchNorm layers, which see the data themselves, not what other BatchNorm layers made of them. */
  readonly tops: readonly NormLayer[];
  /** The fits of those that have averages, the one that fits worst, and the averages of all, joined. */
  readonly own: readonly Fit[];
  readonly worst: Fit;
  readonly stored: ChannelStatistics;
  /** The blobs of data that reach them, and the largest number of their channels. */
  readonly blobs: ReadonlySet<string>;
  readonly channels: number;
}

/** Undefined where the first BatchNorm layers fit, or see no data. */
function inputOf(subject: Subject, { side, fits: all, averages }: State): Input | undefined {
  const tops = subject.norms.filter((norm) => isFirstLevel(subject, norm));
  const own = all.filter(({ norm }) => tops.includes(norm));
  const worst = worstOf(own);
  const { shapes } = side.set;
  const reaching = [...shapes].filter(
    ([name, shape]) => shape.length > 1 && tops.some(({ message }) => reaches(subject, name, message)),
  );
  if (!worst?.isOff || reaching.length === 0) return undefined;
  return {
    tops,
    own,
    worst,
    stored: joined(own.map(({ norm }) => statisticsIn(averages.get(norm.name) ?? emptyBlobs))),
    blobs: new Set(reaching.map(([name]) => name)),
    channels: Math.max(1, ...reaching.map(([, [, channels = 1]]) => channels)),
  };
}

interface Trial {
  readonly change: InputChange;
  readonly measured: ChannelStatistics;
  /** That of the worst of the first layers. */
  readonly divergence: number;
}

/** Tries scales, shifts and orders of channels on some of the data. */
async function trials(subject: Subject, state: State, input: Input): Promise<Trial[]> {
  const few = firstOf(state.side.set, screened);
  const look = (change: InputChange) => tryChange(subject, state, input, few, change);
  const found: Trial[] = [];
  for (const isReversed of input.channels === 3 ? [false, true] : [false]) {
    const plain = await look({ ...noChange, isReversed });
    if (isReversed) found.push(plain);
    const scale = fittingScale(input.stored, plain.measured);
    // Where the borders of a convolution are padded, σ depends on the shift: then 1 is tried too.
    for (const size of new Set([scale ?? 1, 1])) {
      for (const signed of [size, -size]) {
        found.push(...(await withShift(input, look, { isReversed, scale: signed, shift: [] })));
      }
    }
  }
  return found;
}

async function tryChange(
  subject: Subject,
  { variant, averages, least }: State,
  { tops, own, blobs }: Input,
  few: Batches,
  change: InputChange,
): Promise<Trial> {
  const data = changed(few, (batch) => changeBatch(batch, blobs, change));
  const observed = await subject.lab.observe(data, variant, tops.at(-1)?.name);
  const measured = joined(own.map(({ norm }) => observed.norms.get(norm.name) ?? { mean: [], variance: [] }));
  return { change, measured, divergence: worstAt(tops, fits(subject, observed, averages, least)) };
}

/** A change of scale, and the same with the shift that fits then. */
async function withShift(
  { channels, stored }: Input,
  look: (change: InputChange) => Promise<Trial>,
  change: InputChange,
): Promise<Trial[]> {
  const scaled = await look(change);
  const found = change.scale === 1 && !change.isReversed ? [] : [scaled];
  if (channels > mostShifted) return found;
  const responses: number[][] = [];
  for (let channel = 0; channel < channels; channel++) {
    const shift = Array.from({ length: channels }, (_, c) => (c === channel ? 1 : 0));
    const moved = await look({ ...change, shift });
    responses.push(Array.from(moved.measured.mean, (value, c) => value - (scaled.measured.mean[c] ?? 0)));
  }
  const shift = fittingShift(stored, scaled.measured, responses)?.map((value) => Number(value.toPrecision(3)));
  return shift ? [...found, await look({ ...change, shift })] : found;
}

/** The changes that fit about as well as the best, the simplest first: a shift is taken only if it explains far more than none. */
function simplest(all: readonly Trial[], worst: Fit): Trial[] {
  const size = ({ change: { shift, isReversed, scale } }: Trial) =>
    (shift.length > 0 ? 2 : 1) + (isReversed ? 0.5 : 0) + (scale < 0 ? 0.5 : 0);
  const good = all.filter(({ divergence }) => divergence <= fitting / 3 && divergence < worst.divergence / 10);
  const limit = 3 * Math.min(...good.map(({ divergence }) => divergence)) + harmlessly;
  return good
    .filter(({ divergence }) => divergence <= limit)
    .sort((a, b) => size(a) - size(b) || a.divergence - b.divergence);
}

/** The state with a change of the data, tried on all of them; as it was if the net scores less, or they fit only nearly. */
async function withInput(subject: Subject, state: State, input: Input, change: InputChange): Promise<State> {
  const { lab, tried, given, judge } = subject;
  const { tops, worst } = input;
  const { name } = worst.norm;
  const apply = (batch: Batch) => changeBatch(batch, input.blobs, change);
  const observed = await lab.observe(changed(state.side.set, apply), state.variant);
  const after = await lab.score(changed(given.set, apply), state.averages, state.variant);
  const all = fits(subject, observed, state.averages, state.least);
  const now = worstAt(tops, all);
  const isFree = change.shift.some((value) => value !== 0);
  const isNear = isFree && !(now <= exactly(subject, worst.norm, state.least));
  const words = describeChange(change);
  const fit = `${name} fits${isNear ? " only nearly" : ""}`;
  tried.push(`the data ${words}: ${[fit, judge.text(after.scores)].filter((part) => part !== "").join("; ")}`);
  if (judge.isWorse(after, given.averages) || isNear) return state;
  const isUsual = isUsualScale(change.scale);
  const cause: Cause = {
    kind: "input",
    // With a scale and a shift that are free, other data can be made to fit a first BatchNorm too.
    shown: isUsual,
    title: `the data are not scaled, centered or ordered as in training: it had them ${words}`,
    layers: tops.map((norm) => norm.name),
    evidence: [
      `the averages of ${name}, the first BatchNorm, are ${formatNumber(worst.divergence, 3)} nats from the data as they are, and ${formatNumber(now, 3)} from the data changed so`,
      ...scoreLine(subject, "so", after.scores),
    ],
    against: isUsual ? [] : ["the scale is none that programs use; other data could be made to fit so"],
    remedy:
      "Prepare the data as in training (transform_param's scale, mean_value, the order of channels). The averages are right as they are; calibrating would hide the difference.",
  };
  return { ...state, observed, fits: all, causes: [...state.causes, cause], after, isFree };
}

/** The divergence of the worst of the first layers. */
function worstAt(tops: readonly NormLayer[], all: readonly Fit[]): number {
  return Math.max(...all.filter(({ norm }) => tops.includes(norm)).map(({ divergence }) => divergence));
}

/**
 * The divergence that only the very same data have, but for scale and shift: about that of the data of training. Numbers that are
 * free to fit make other data fit a little too.
 */
function exactly(subject: Subject, norm: NormLayer, least: number): number {
  const { training, stored } = subject;
  const own = training && fits(subject, training.batch, stored, least).find((fit) => fit.norm === norm);
  return Math.max(0.003, own && !own.isOff ? 2 * own.divergence : 0);
}

const emptyBlobs: NormBlobs = { mean: new Float32Array(), variance: new Float32Array(), factor: 1 };

/** The channels of several layers, one after the other. */
function joined(all: readonly ChannelStatistics[]): ChannelStatistics {
  return {
    mean: all.flatMap(({ mean }) => Array.from(mean)),
    variance: all.flatMap(({ variance }) => Array.from(variance)),
  };
}

/** Whether a blob of the data comes to a layer. */
function reaches({ graph }: Subject, blob: string, layer: NormLayer["message"]): boolean {
  const all = [layer, ...upstream(graph, layer)];
  return all.some((each) =>
    graph
      .bottoms(each)
      .some(({ name, maker }) => name === blob && (!maker || graph.messageOf(maker.layer).bottom.length === 0)),
  );
}
