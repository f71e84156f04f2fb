import { formatNumber } from "../../../util/number-format.js";
import { type ChannelStatistics, statisticsIn } from "../../batch-norm/fit.js";
import type { NormBlobs, NormLayer } from "../../batch-norm/norm-layers.js";
import type { Cause } from "../cause.js";
import { changed, type DataSet, firstOf, screened } from "../data-set.js";
import {
  changeBatch,
  describeChange,
  fittingScale,
  fittingShift,
  type InputChange,
  isUsualScale,
  noChange,
} from "../input-changes.js";
import { fits, isFirstLevel, type Subject } from "../subject.js";
import { upstream } from "../variants.js";
import { fitting, type State, scoreLine } from "./state.js";

/** Each channel that may have its own shift costs a run. */
const mostShifted = 4;

/** Data on another scale, with another mean, or with channels in reverse order. */
export async function explainByInput(subject: Subject, state: State, least: number): Promise<State> {
  const { lab, tried, given, judge, norms } = subject;
  const set = state.side.set;
  // The first layers see the data themselves, not what other BatchNorm layers made of them.
  const tops = norms.filter((norm) => isFirstLevel(subject, norm));
  const own = state.fits.filter(({ norm }) => tops.includes(norm));
  const [worst] = [...own].sort((x, y) => y.divergence - x.divergence);
  const last = tops.at(-1);
  if (!worst?.isOff || !last) return state;
  const first = worst.norm;
  const stored = joined(own.map(({ norm }) => statisticsIn(state.averages.get(norm.name) ?? emptyBlobs)));
  const inputs = new Set(
    [...set.shapes].flatMap(([name, shape]) =>
      shape.length > 1 && tops.some(({ message }) => reaches(subject, name, message)) ? [name] : [],
    ),
  );
  const channels = Math.max(1, ...[...inputs].map((name) => set.shapes.get(name)?.[1] ?? 1));
  if (inputs.size === 0) return state;
  const small = firstOf(set, screened);
  const look = async (data: DataSet, change: InputChange) => {
    const changedSet = changed(data, (batch) => changeBatch(batch, inputs, change));
    const observed = await lab.observe(changedSet, state.variant, last.name);
    const all = fits(subject, observed, state.averages, least).filter(({ norm }) => tops.includes(norm));
    const measured = joined(own.map(({ norm }) => observed.norms.get(norm.name) ?? { mean: [], variance: [] }));
    return { measured, divergence: Math.max(...all.map(({ divergence }) => divergence)), change };
  };
  const found: { divergence: number; change: InputChange }[] = [];
  for (const isReversed of channels === 3 ? [false, true] : [false]) {
    const plain = await look(small, { ...noChange, isReversed });
    if (isReversed) found.push(plain);
    const scale = fittingScale(stored, plain.measured);
    // Where the borders of a convolution are padded, σ depends on the shift: then 1 is tried too.
    for (const size of new Set([scale ?? 1, 1])) {
      for (const signed of [size, -size]) found.push(...(await withShift({ isReversed, scale: signed, shift: [] })));
    }
  }

  /** A change of scale, and the same with the shift that fits then. */
  async function withShift(change: InputChange) {
    const scaled = await look(small, change);
    const result = change.scale === 1 && !change.isReversed ? [] : [scaled];
    if (channels > mostShifted) return result;
    const responses: number[][] = [];
    for (let channel = 0; channel < channels; channel++) {
      const shift = Array.from({ length: channels }, (_, c) => (c === channel ? 1 : 0));
      const moved = await look(small, { ...change, shift });
      responses.push(Array.from(moved.measured.mean, (value, c) => value - (scaled.measured.mean[c] ?? 0)));
    }
    const shift = fittingShift(stored, scaled.measured, responses);
    const shifted =
      shift && (await look(small, { ...change, shift: shift.map((value) => Number(value.toPrecision(3))) }));
    return shifted ? [...result, shifted] : result;
  }
  // A shift is taken only if it explains far more than none.
  const size = ({ change }: { change: InputChange }) =>
    (change.shift.length > 0 ? 2 : 1) + (change.isReversed ? 0.5 : 0) + (change.scale < 0 ? 0.5 : 0);
  const good = found.filter(({ divergence }) => divergence <= fitting / 3 && divergence < worst.divergence / 10);
  const least3 = 3 * Math.min(...good.map(({ divergence }) => divergence)) + harmlessly;
  const [best] = good
    .filter(({ divergence }) => divergence <= least3)
    .sort((a, b) => size(a) - size(b) || a.divergence - b.divergence);
  if (!best) {
    tried.push(`the data scaled, moved or with channels in reverse order: ${first.name} does not fit with any`);
    return state;
  }
  const change = (batch: Parameters<typeof changeBatch>[0]) => changeBatch(batch, inputs, best.change);
  const observed = await lab.observe(changed(set, change), state.variant);
  const after = await lab.score(changed(given.set, change), state.averages, state.variant);
  const words = describeChange(best.change);
  tried.push(`the data ${words}: ${judge.text(after.scores) || `${first.name} fits`}`);
  const all = fits(subject, observed, state.averages, least);
  const now = Math.max(...all.filter(({ norm }) => tops.includes(norm)).map(({ divergence }) => divergence));
  const isExact = now <= exactly(subject, first, least);
  const isFree = best.change.shift.some((value) => value !== 0);
  if (judge.isWorse(after, given.averages) || (isFree && !isExact)) return state;
  const cause: Cause = {
    kind: "input",
    // With a scale and a shift that are free, other data can be made to fit a first BatchNorm too.
    shown: isUsualScale(best.change.scale),
    title: `the data are not scaled, centered or ordered as in training: it had them ${words}`,
    layers: tops.map(({ name }) => name),
    evidence: [
      `${first.name}, the first BatchNorm, does not fit the data as they are, ${formatNumber(worst.divergence, 3)} nats, and fits them so: ${formatNumber(best.divergence, 3)} nats`,
      ...scoreLine(subject, "so", after.scores),
    ],
    against: isUsualScale(best.change.scale)
      ? []
      : ["the scale is none that programs use; other data could be made to fit so"],
    remedy:
      "Prepare the data as in training (transform_param's scale, mean_value, the order of channels). The averages are right as they are; calibrating would hide the difference.",
  };
  return { ...state, observed, fits: all, causes: [...state.causes, cause], after, isFree };
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

/** Divergences below this are no reason to prefer one explanation to a simpler one, in nats. */
const harmlessly = 0.01;

function reaches({ graph }: Subject, blob: string, layer: Subject["graph"]["layers"][number]): boolean {
  const all = [layer, ...upstream(graph, layer)];
  return all.some((each) =>
    graph
      .bottoms(each)
      .some(({ name, maker }) => name === blob && (!maker || graph.messageOf(maker.layer).bottom.length === 0)),
  );
}
