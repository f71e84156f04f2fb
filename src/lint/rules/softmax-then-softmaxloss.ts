import { memoized } from "../../util/memoized.js";
import type { Edit } from "../edits.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Rule } from "../rule.js";
import type { View } from "../view.js";

export const softmaxThenSoftmaxloss: Rule = {
  id: "softmax-then-softmaxloss",
  severity: "warning",
  summary: "a Softmax whose top goes into a SoftmaxWithLoss, which takes the softmax itself",

  *check(net) {
    for (const view of net.views) {
      for (const loss of view.layers.filter(({ type }) => type === "SoftmaxWithLoss")) {
        const softmax = view.maker(loss);
        if (softmax?.type !== "Softmax") continue;
        const edits = withoutSoftmax(net, view, softmax, loss);
        yield {
          at: loss.values("bottom")[0]?.value ?? loss.at("bottom"),
          message: `${loss.label} reads "${loss.message.bottom[0]}", which is a softmax already, of ${softmax.label}`,
          why: `The loss takes the softmax of its bottom once more. ${shrunkRange(view, softmax)} Gradients go through both, and are small from the start.`,
          fix: edits && { edits },
        };
      }
    }
  },
};

/** The range of the loss, which is smaller after two softmaxes. */
function shrunkRange(view: View, softmax: LintLayer): string {
  const classes = view.topShapes(softmax)[0]?.[softmax.message.softmaxParam?.axis ?? 1];
  if (!classes || classes < 2)
    return "Probabilities lie within 0 and 1, so that the second softmax makes them all but equal.";
  const start = Math.log(classes);
  const least = Math.log(Math.E + classes - 1) - 1;
  return (
    `Probabilities lie within 0 and 1: of ${classes} classes the right one then gets no more than e/(e + ${classes - 1}), so that ` +
    `the loss starts at ${start.toFixed(3)} and cannot fall below ${least.toFixed(3)}, however sure the net is.`
  );
}

/** Lets the loss read the bottom of the Softmax, and removes the Softmax if no other layer reads it. */
function withoutSoftmax({ edit, views }: LintNet, view: View, softmax: LintLayer, loss: LintLayer): Edit[] | undefined {
  const [scores] = softmax.message.bottom;
  const bottom = loss.values("bottom")[0]?.value;
  const states = views.filter((other) => other.has(loss));
  const same = states.every((other) => other.maker(loss) === softmax);
  const shape = [softmax, loss].map(({ message }) => message.softmaxParam?.axis ?? 1);
  if (!same || scores === undefined || !bottom || !softmax.field || shape[0] !== shape[1]) return undefined;
  const readers = views.flatMap((other) => other.readers(softmax)).filter((reader) => reader.layer !== loss);
  const removed = readers.length === 0 && softmax.body ? edit.remove(softmax.field) : [];
  if (view.isInPlace(softmax)) return removed.length > 0 ? removed : undefined;
  const again = view.bottoms(softmax)[0]?.next?.maker?.layer;
  const places = placesIn(view);
  if (again && again !== loss && (places.get(again) ?? 0) < (places.get(loss) ?? 0)) return undefined;
  return [...removed, ...edit.replace(bottom, JSON.stringify(scores))];
}

const placesIn = memoized(({ layers }: View) => new Map(layers.map((layer, index) => [layer, index])));
