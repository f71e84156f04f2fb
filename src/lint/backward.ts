import { cutBackward } from "../core/backward-plan.js";
import type { Value } from "../core/graph.js";
import { givesLossAway } from "../core/insert-splits.js";
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
export const caffeBackward: (view: View) => Plan = memoized((view) => {
  const { plan, needing } = plannedBackward(view);
  // Mostly something learns before each of them, and the plans are one.
  if (view.layers.every((layer) => needing.has(layer) || !lacksSpecs(layer))) return plan;
  return planOf(view, (layer) => learns(layer) || lacksSpecs(layer)).plan;
});

/** What it would run if each BatchNorm had three specs of `lr_mult: 0`. */
export const neededBackward = (view: View): Plan => plannedBackward(view).plan;

const plannedBackward = memoized((view: View) => planOf(view, learns));

/** The BatchNorms that run backward in Caffe only because param specs are missing, theirs or those of another one. */
export const idleNorms: (view: View) => readonly LintLayer[] = memoized((view) => {
  const idle = view.layers.filter((layer) => lacksSpecs(layer) && !neededBackward(view).get(layer)?.runs);
  return idle.filter((layer) => caffeBackward(view).get(layer)?.runs);
});

/** The bottoms that a layer is asked for the gradient of, but has none for: labels, indices, what goes through a Threshold. */
export function refusedBottoms(view: View, layer: LintLayer, plan = caffeBackward(view)): readonly number[] {
  const { facts, message } = layer;
  // ContrastiveLoss ignores what is wanted for its labels.
  if (!facts || (facts.autoTops && facts.allowForceBackward(1))) return [];
  const { wanted = [] } = plan.get(layer) ?? {};
  return [...message.bottom.keys()].filter((index) => wanted[index] && !facts.allowForceBackward(index));
}

/** Whether a layer that learns, put behind this one, would be refused: a gradient for it would have to go where none can. */
export function cannotLearnBehind(view: View, layer: LintLayer): boolean {
  const { plan } = planOf(view, (each) => learns(each) || each === layer);
  const needed = neededBackward(view);
  return view.layers.some((each) => {
    return refusedBottoms(view, each, plan).length > refusedBottoms(view, each, needed).length;
  });
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

/** A plan, and the layers that would run if all tops led to a loss. */
function planOf(
  view: View,
  counts: (layer: LintLayer) => boolean,
): { readonly plan: Plan; readonly needing: ReadonlySet<LintLayer> } {
  const needing = new Set<LintLayer>();
  const nodes = view.layers.flatMap((layer) => {
    const reached = view.makers(layer).map((maker) => maker !== undefined && needing.has(maker.layer));
    const needsBackward = layer.facts !== undefined && (reached.includes(true) || counts(layer));
    if (needsBackward) needing.add(layer);
    const { propagateDown } = layer.message;
    return [
      {
        layer,
        bottom: view.bottoms(layer).map((value, index) => {
          if (view.splits(value) < 2) return value;
          return value.readers.find((end) => end.layer === layer && end.index === index) ?? value;
        }),
        // The net adds the tops that a loss lacks.
        top: layer.message.top.length > 0 ? view.tops(layer) : [{}],
        lossWeights: lossWeightsOf(view, layer),
        wanted: reached.map((is, index) => propagateDown[index] ?? is),
        needsBackward,
      },
      ...view.tops(layer).flatMap((value) => splitOf(view, value, needsBackward)),
    ];
  });
  cutBackward<object>(nodes);
  const plan = new Map<LintLayer, LayerBackward>();
  for (const { layer, needsBackward: runs, wanted } of nodes) if (layer) plan.set(layer, { runs, wanted });
  return { plan, needing };
}

/** The Split that Caffe inserts for a value with several readers, a loss weight among them. */
function splitOf(view: View, value: Value<LintLayer>, needsBackward: boolean) {
  if (view.splits(value) < 2) return [];
  const weight = view.lossWeight(value);
  const top = weight === 0 ? value.readers : [{}, ...value.readers];
  return [{ layer: undefined, bottom: [value], top, lossWeights: [weight], wanted: [needsBackward], needsBackward }];
}

function lossWeightsOf(view: View, layer: LintLayer): readonly number[] {
  const given = givesLossAway(view, layer) ? [] : layer.message.lossWeight;
  return given.length > 0 || !layer.facts?.isLossByDefault ? given : [1];
}
