import { type LayerParameter, ParamSpec_DimCheckMode } from "../../proto/gen/caffe_pb.js";
import { type FoldedWeights, foldLinear } from "./fold-linear.js";
import { type Fold, type PlanInput, planFolds } from "./plan.js";
import { nameOf } from "./trained-params.js";

/** A fold, and the weights that its target gets. */
export type FinishedFold = Fold & FoldedWeights;

/** The result: the finished folds by their targets, and the layers that stay, with the reasons. */
export interface Settled {
  readonly folds: ReadonlyMap<LayerParameter, FinishedFold>;
  readonly kept: ReadonlyMap<LayerParameter, string>;
}

/**
 * Plans until all layers that share a parameter by name get the same new values. A target that would get different values
 * is blocked, and everything is planned again without it.
 */
export function settle(input: Omit<PlanInput, "blocked">): Settled {
  const { graph, params } = input;
  const sharers = new Map<string, LayerParameter[]>();
  for (const layer of graph.layers) {
    for (const index of params.of(layer).keys()) {
      const name = nameOf(layer, index);
      if (name) sharers.set(name, [...(sharers.get(name) ?? []), layer]);
    }
  }
  const blocked = new Map<LayerParameter, string>();
  for (;;) {
    const plan = planFolds({ ...input, blocked });
    const folds = new Map<LayerParameter, FinishedFold>();
    const before = blocked.size;
    for (const fold of plan.folds) {
      const folded = foldLinear(fold);
      if (typeof folded === "string") blocked.set(fold.target, folded);
      else folds.set(fold.target, { ...fold, ...folded });
    }
    for (const target of folds.keys()) {
      const reason = contradiction(target, folds, sharers);
      if (reason !== undefined) blocked.set(target, reason);
    }
    if (blocked.size === before) return { folds, kept: plan.kept };
  }
}

/** The reason if a layer's new parameters cannot be shared like its old ones. */
function contradiction(
  target: LayerParameter,
  folds: Settled["folds"],
  sharers: ReadonlyMap<string, readonly LayerParameter[]>,
): string | undefined {
  for (const [index, spec] of target.param.entries()) {
    const others = (sharers.get(spec.name) ?? []).filter((layer) => layer !== target);
    for (const other of spec.name ? others : []) {
      const there = other.param.findIndex(({ name }) => name === spec.name);
      const isSame =
        spec.shareMode !== ParamSpec_DimCheckMode.PERMISSIVE &&
        target.type === other.type &&
        sameValues(paramsOf(folds.get(target))[index], paramsOf(folds.get(other))[there]);
      if (!isSame) {
        return `shares its parameter "${spec.name}" with "${other.name}" (${other.type}), which would need another one`;
      }
    }
  }
  return undefined;
}

function paramsOf(folded: FoldedWeights | undefined): readonly (Float32Array | undefined)[] {
  return folded ? [folded.weights, folded.bias] : [];
}

function sameValues(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  return a !== undefined && b !== undefined && a.length === b.length && a.every((value, i) => value === b[i]);
}
