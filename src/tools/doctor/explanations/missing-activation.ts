import type { LayerParameter } from "../../../proto/gen/caffe_pb.js";
import { counted, listed } from "../../../util/words.js";
import type { Cause } from "../cause.js";
import type { Scored } from "../lab.js";
import { isPoor, skill } from "../scores.js";
import type { Subject } from "../subject.js";
import { type Change, guessedChanges, titled } from "../variants.js";
import { attempt, type State } from "./state.js";

/**
 * An activation behind a layer that has none where most of its kind have one, where the averages cannot tell: no BatchNorm is behind
 * it, or the misfit is small. Better scores make it possible, no more.
 */
export async function explainByMissingActivation(subject: Subject, { side, averages }: State): Promise<Cause[]> {
  const { graph, lab, given, judge, tried, norms, kinds } = subject;
  const scales = norms.map(({ message, scale }) => scale ?? message);
  // What is added to a shortcut is activated after the sum.
  const isOpen = (layer: LayerParameter) =>
    !graph.readers(layer).some(({ layer: reader }) => kinds.isActivation(reader) || reader.type === "Eltwise");
  const open = scales.filter(isOpen);
  if (open.length === 0 || 2 * open.length > scales.length || judge.text(given.averages.scores) === "") return [];
  const found: { change: Change; text: string; layer: string }[] = [];
  for (const change of guessedChanges(graph, open, kinds)) {
    const message = change.apply(subject.message);
    const after = await attempt(subject, titled(change), lab.score(given.set, averages, { message }));
    if (!after || !isBetter(subject, after)) continue;
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

/** Whether a net that knows its data scores better, by its accuracy if it has one. */
function isBetter({ judge, given }: Subject, after: Scored): boolean {
  const [now, before] = [skill(after), skill(given.averages)];
  const isHigher = now === undefined || before === undefined || now > before + 0.01;
  return isHigher && isPoor(after) !== true && judge.isWorse(given.averages, after) === true;
}
