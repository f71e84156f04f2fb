import { grouped } from "../../../util/grouped.js";
import { formatNumber } from "../../../util/number-format.js";
import { listed } from "../../../util/words.js";
import type { Cause } from "../cause.js";
import type { Scored } from "../lab.js";
import { allReadings, type Reading, readingOf } from "../readings.js";
import { fits, fitting, isBlank, isEmpty, namesOf, offOf, type Subject } from "../subject.js";
import { closely, type State, scoreLine } from "./state.js";

interface Found {
  readonly name: string;
  readonly reading: Reading;
}

/** Blobs that mean something else: divided or not, σ for the variance, exchanged. No run is needed but one for the score. */
export async function explainByReadings(subject: Subject, state: State): Promise<State> {
  const { lab, judge, given, tried } = subject;
  const found = readingsOf(subject, state);
  if (found.length === 0) {
    if (offOf(state.fits).length > 0) {
      tried.push("other readings of the blobs (another factor, σ, 1/σ, exchanged, the mean negated): none fits");
    }
    return state;
  }
  const averages = new Map(state.averages);
  for (const { name, reading } of found) averages.set(name, reading.blobs);
  const after = await lab.score(given.set, averages, state.variant);
  const names = found.map(({ name }) => name);
  if (judge.isWorse(after, given.averages)) {
    tried.push(`the blobs of ${listed(names, 3)} read as ${found[0]?.reading.text}: they fit, but the net scores less`);
    return state;
  }
  tried.push(`the blobs of ${listed(names, 3)} read otherwise: ${judge.text(after.scores) || "they fit"}`);
  const groups = grouped(found, ({ reading }) => reading.kind);
  const causes = [...groups.values()].map((group) => causeOf(subject, state, group, after));
  return {
    ...state,
    averages,
    fits: fits(subject, state.observed, averages, state.least),
    causes: [...state.causes, ...causes],
    after,
  };
}

/** The layers whose blobs fit if they are read otherwise. */
function readingsOf({ norms }: Subject, { averages, observed, fits: all }: State): Found[] {
  const off = new Set(namesOf(offOf(all)));
  const known = norms.flatMap((norm) => {
    const [blobs, measured] = [averages.get(norm.name), observed.norms.get(norm.name)];
    return blobs && measured && !isBlank(blobs) ? [{ norm, name: norm.name, blobs, measured }] : [];
  });
  const found = known.flatMap(({ norm, name, blobs, measured }): Found[] => {
    if (!off.has(name) && !isEmpty(blobs)) return [];
    const reading = readingOf(blobs, measured, norm, Math.max(closely, measured.uncertainty));
    return reading ? [{ name, reading }] : [];
  });
  // A tool treats all layers alike; where σ and variance, or ±mean, hardly differ, a layer alone cannot tell.
  const texts = new Set(found.map(({ reading }) => reading.text));
  const clear = new Set(found.map(({ name }) => name));
  const others = known.flatMap(({ norm, name, blobs, measured }): Found[] => {
    if (!off.has(name) || clear.has(name)) return [];
    const limit = Math.max(fitting, measured.uncertainty);
    const reading = allReadings(blobs, measured, norm).find(
      ({ text, divergence }) => texts.has(text) && divergence <= limit,
    );
    return reading ? [{ name, reading }] : [];
  });
  return [...found, ...others];
}

/** @param group the layers that are read in the same way */
function causeOf(subject: Subject, { fits: all }: State, group: readonly Found[], after: Scored): Cause {
  const names = group.map(({ name }) => name);
  const { name, reading } = group[0] as Found;
  const before = all.find(({ norm }) => norm.name === name)?.divergence;
  return {
    kind: "reading",
    shown: true,
    title: `the blobs of ${listed(names, 3)} hold ${reading.text}`,
    layers: names,
    evidence: [
      `read so, the averages of ${name} fit what reaches it: ${formatNumber(reading.divergence, 3)} nats` +
        (before === undefined ? "" : `, ${formatNumber(before, 3)} as they are`),
      ...scoreLine(subject, "read so", after.scores),
    ],
    against: [],
    remedy: `In the weights, ${repairOf(group)}. Or moka calibrate measures the averages anew, if there are data of training.`,
  };
}

function repairOf(group: readonly Found[]): string {
  const repairs = [...grouped(group, ({ reading }) => reading.repair)];
  if (repairs.length === 1) return `${repairs[0]?.[0]}${group.length > 1 ? " in each of these layers" : ""}`;
  return repairs.map(([repair, own]) => `${repair} in ${own.map(({ name }) => name).join(", ")}`).join("; ");
}
