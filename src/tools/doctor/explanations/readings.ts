import { grouped } from "../../../util/grouped.js";
import { formatNumber } from "../../../util/number-format.js";
import { listed } from "../../../util/words.js";
import type { Cause } from "../cause.js";
import { blobsOf } from "../lab.js";
import { allReadings, type Reading, readingOf, withoutMeans } from "../readings.js";
import { fits, isBlank, isEmpty, namesOf, offOf, type Subject } from "../subject.js";
import { fitting, type State, scoreLine } from "./state.js";

/** Means that are all 0, where the variances fit: a tool or a damaged file has lost them. */
export async function explainByLostMeans(subject: Subject, state: State, least: number): Promise<State> {
  const { lab, given, judge, tried } = subject;
  const lost = offOf(state.fits).flatMap((fit) => {
    const [blobs, measured] = [state.averages.get(fit.norm.name), state.observed.norms.get(fit.norm.name)];
    const left = blobs && measured && withoutMeans(blobs, measured, fit.norm.eps);
    return measured && left !== undefined && left <= closely ? [{ ...fit, measured, left }] : [];
  });
  const [first] = lost;
  if (!first) return state;
  const averages = new Map(state.averages);
  for (const { norm, measured } of lost) averages.set(norm.name, blobsOf(measured));
  const after = await lab.score(given.set, averages, state.variant);
  const names = lost.map(({ norm }) => norm.name);
  tried.push(
    `the means of ${listed(names, 3)}, all 0, measured anew: ${judge.text(after.scores) || "the averages fit"}`,
  );
  if (judge.isWorse(after, given.averages)) return state;
  const cause: Cause = {
    kind: "damaged",
    shown: true,
    title: `the means of ${listed(names, 3)} are all 0`,
    layers: names,
    evidence: [
      `their variances fit what reaches them (${formatNumber(first.left, 3)} nats at ${first.norm.name}); with the means they are ${formatNumber(first.divergence, 3)} nats off`,
      ...scoreLine(subject, "with means measured anew", after.scores),
    ],
    against: [],
    remedy:
      "Look what has written these blobs. moka calibrate measures averages anew, and leaves the weights as they are.",
  };
  return {
    ...state,
    averages,
    fits: fits(subject, state.observed, averages, least),
    causes: [...state.causes, cause],
    after,
  };
}

/** Right numbers read rightly are at most this far from what reaches the layer, in nats. */
const closely = 0.02;

/** Blobs that mean something else: divided or not, σ for the variance, exchanged. No run is needed but one for the score. */
export async function explainByReadings(subject: Subject, state: State, least: number): Promise<State> {
  const { norms, lab, judge, given, tried } = subject;
  const off = new Set(namesOf(offOf(state.fits)));
  const found = norms.flatMap((norm) => {
    const [blobs, measured] = [state.averages.get(norm.name), state.observed.norms.get(norm.name)];
    if (!blobs || !measured || isBlank(blobs) || !(off.has(norm.name) || isEmpty(blobs))) return [];
    const reading = readingOf(blobs, measured, norm, Math.max(closely, measured.uncertainty));
    return reading ? [{ name: norm.name, reading }] : [];
  });
  // A tool treats all layers alike; where σ and variance, or ±mean, hardly differ, a layer alone cannot tell.
  const readings = new Set(found.map(({ reading }) => reading.text));
  for (const norm of norms) {
    const [blobs, measured] = [state.averages.get(norm.name), state.observed.norms.get(norm.name)];
    if (!off.has(norm.name) || found.some(({ name }) => name === norm.name) || !blobs || !measured) continue;
    const alike = allReadings(blobs, measured, norm).find(
      ({ text, divergence }) => readings.has(text) && divergence <= Math.max(fitting, measured.uncertainty),
    );
    if (alike) found.push({ name: norm.name, reading: alike });
  }
  if (off.size > 0 && found.length === 0)
    tried.push("other readings of the blobs (factor, σ, exchanged, signs): none fits");
  if (found.length === 0) return state;
  const averages = new Map(state.averages);
  for (const { name, reading } of found) averages.set(name, reading.blobs);
  const after = await lab.score(given.set, averages, state.variant);
  if (subject.judge.isWorse(after, given.averages)) {
    tried.push(`${found[0]?.reading.text}: fits, but the net scores less`);
    return state;
  }
  const groups = grouped(found, ({ reading }) => reading.repair.replace(/[\d.e+-]+$/, ""));
  const causes = [...groups.values()].map((group): Cause => {
    const names = group.map(({ name }) => name);
    const reading = group[0]?.reading as Reading;
    const before = state.fits.find(({ norm }) => norm.name === names[0])?.divergence;
    return {
      kind: "reading",
      shown: true,
      title: `the blobs of ${listed(names, 3)} hold ${reading.text}`,
      layers: names,
      evidence: [
        `read so, the averages of ${names[0]} fit what reaches it: ${formatNumber(reading.divergence, 3)} nats` +
          (before === undefined ? "" : `, ${formatNumber(before, 3)} as they are`),
        ...scoreLine(subject, "read so", after.scores),
      ],
      against: [],
      remedy: `In the weights, ${reading.repair}${names.length > 1 ? ", in each of these layers" : ""}. (moka calibrate measures averages anew, if there are data of training.)`,
    };
  });
  tried.push(
    `the blobs of ${listed([...found.map(({ name }) => name)], 3)} read otherwise: ${judge.text(after.scores) || "they fit"}`,
  );
  return {
    ...state,
    averages,
    fits: fits(subject, state.observed, averages, least),
    causes: [...state.causes, ...causes],
    after,
  };
}
