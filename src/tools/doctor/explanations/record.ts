import { listed } from "../../../util/words.js";
import type { Cause } from "../cause.js";
import { recordedChanges } from "../recorded-changes.js";
import { fits, misfit, offOf, type Subject } from "../subject.js";
import { attempt, type State, scoreLine } from "./state.js";

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
