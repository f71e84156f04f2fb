import { formatNumber } from "../../../util/number-format.js";
import { listed } from "../../../util/words.js";
import type { Cause } from "../cause.js";
import { blobsOf } from "../lab.js";
import { withoutMeans } from "../readings.js";
import { fits, namesOf, offOf, type Subject } from "../subject.js";
import { closely, type State, scoreLine } from "./state.js";

/** Means that are all 0, where the variances fit: a tool or a damaged file has lost them. */
export async function explainByLostMeans(subject: Subject, state: State): Promise<State> {
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
  const names = namesOf(lost);
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
      `the variances of ${first.norm.name} fit what reaches it: ${formatNumber(first.left, 3)} nats without the means, and ${formatNumber(first.divergence, 3)} with means of 0`,
      ...scoreLine(subject, "with means measured anew", after.scores),
    ],
    against: [],
    remedy:
      "Look at what wrote these blobs. moka calibrate measures averages anew, and leaves the weights as they are.",
  };
  return {
    ...state,
    averages,
    fits: fits(subject, state.observed, averages, state.least),
    causes: [...state.causes, cause],
    after,
  };
}
