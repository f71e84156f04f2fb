import { cutBackward } from "../core/backward-plan.js";
import { memoized } from "../util/memoized.js";
import type { Edit, Editor } from "./edits.js";
import { forkNorm } from "./forks.js";
import type { LintLayer } from "./layer.js";
import { learns } from "./learning.js";
import { addSpecs, writtenSpecs } from "./param-specs.js";
import type { View } from "./view.js";

/** A layer's part in backward. */
export interface LayerBackward {
  readonly runs: boolean;
  /** For each bottom, whether its gradient is wanted. */
  readonly wanted: readonly boolean[];
}

type Plan = ReadonlyMap<LintLayer, LayerBackward>;

/** What Caffe runs backward in training, where a BatchNorm's missing param specs count as learning. */
export const caffeBackward: (view: View) => Plan = memoized((view) =>
  planOf(view, (layer) => learns(layer) || lacksSpecs(layer)),
);

/** What it would run if each BatchNorm had three specs of `lr_mult: 0`. */
export const neededBackward: (view: View) => Plan = memoized((view) => planOf(view, learns));

/** The BatchNorms that run backward in Caffe only because param specs are missing, theirs or those of another one. */
export function idleNorms(view: View): readonly LintLayer[] {
  const [runs, needed] = [caffeBackward(view), neededBackward(view)];
  return view.layers.filter((layer) => lacksSpecs(layer) && runs.get(layer)?.runs && !needed.get(layer)?.runs);
}

/** The bottoms that a layer is asked for the gradient of, but has none for: labels, indices, what goes through a Threshold. */
export function refusedBottoms(view: View, layer: LintLayer): readonly number[] {
  const { facts, message } = layer;
  // ContrastiveLoss ignores what is wanted for its labels.
  if (!facts || (facts.autoTops && facts.allowForceBackward(1))) return [];
  const { wanted = [] } = caffeBackward(view).get(layer) ?? {};
  return [...message.bottom.keys()].filter((index) => wanted[index] && !facts.allowForceBackward(index));
}

/** The edits that give these BatchNorms all three specs; undefined if one of them cannot be changed. */
export function withSpecs(edit: Editor, norms: readonly LintLayer[]): readonly Edit[] | undefined {
  const edits = norms.map((layer) => {
    const specs = layer.body && writtenSpecs(layer);
    return specs && layer.body ? addSpecs(edit, layer.body, 3 - specs.length, "lr_mult: 0 decay_mult: 0") : undefined;
  });
  return edits.every((each) => each !== undefined) ? edits.flat() : undefined;
}

/** Whether a BatchNorm has fewer than three specs. Those that Caffe refuses, and those of forks, are left out. */
function lacksSpecs(layer: LintLayer): boolean {
  const { type, facts, message } = layer;
  if (type !== "BatchNorm" || !facts || forkNorm(layer)) return false;
  return message.param.length < 3 && message.param.every(({ lrMult }) => lrMult === 0);
}

function planOf(view: View, counts: (layer: LintLayer) => boolean): Plan {
  const needing = new Set<LintLayer>();
  const nodes = view.layers.flatMap((layer) => {
    const { lossWeight, propagateDown } = layer.message;
    const reached = view.makers(layer).map((maker) => maker !== undefined && needing.has(maker.layer));
    const needsBackward = layer.facts !== undefined && (reached.includes(true) || counts(layer));
    if (needsBackward) needing.add(layer);
    const tops = view.tops(layer);
    const splits = tops.filter(({ readers }) => readers.length > 1);
    // The net adds the tops that a loss lacks.
    const isLoss = layer.facts?.autoTops === true;
    const lossWeights = lossWeight.length > 0 || !isLoss ? lossWeight : [1];
    return [
      {
        layer,
        bottom: view.bottoms(layer).map((value, index): object => {
          const own = ({ layer: reader, index: at }: { layer: LintLayer; index: number }) =>
            reader === layer && at === index;
          return (value.readers.length > 1 && value.readers.find(own)) || value;
        }),
        top: isLoss && tops.length === 0 ? [{}] : tops,
        lossWeights,
        wanted: reached.map((is, index) => propagateDown[index] ?? is),
        needsBackward,
      },
      ...splits.map((value) => {
        return {
          layer: undefined,
          bottom: [value],
          top: value.readers,
          lossWeights: [],
          wanted: [needsBackward],
          needsBackward,
        };
      }),
    ];
  });
  cutBackward<object>(nodes);
  return new Map(
    nodes.flatMap(({ layer, needsBackward: runs, wanted }) => (layer ? [[layer, { runs, wanted }] as const] : [])),
  );
}
