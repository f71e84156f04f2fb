import { type LayerParameter, ParamSpec_DimCheckMode } from "../../proto/gen/caffe_pb.js";
import { type FoldedWeights, foldLinear } from "./fold-linear.js";
import type { Plan } from "./plan.js";
import { nameOf, type TrainedParams } from "./trained-params.js";

/**
 * Plans until all layers that share a parameter by name get the same new values. A target that would get others is
 * blocked, and everything is planned again without it.
 */
export function settle(
  layers: readonly LayerParameter[],
  params: TrainedParams,
  planWithout: (blocked: ReadonlyMap<LayerParameter, string>) => Plan,
): { plan: Plan; made: ReadonlyMap<LayerParameter, FoldedWeights> } {
  const sharers = new Map<string, LayerParameter[]>();
  for (const layer of layers) {
    for (const index of params.of(layer).keys()) {
      const name = nameOf(layer, index);
      if (name) sharers.set(name, [...(sharers.get(name) ?? []), layer]);
    }
  }
  const blocked = new Map<LayerParameter, string>();
  for (;;) {
    const plan = planWithout(blocked);
    const made = new Map<LayerParameter, FoldedWeights>();
    const before = blocked.size;
    for (const { target, linear, beforeMap, afterMap, before, after, shifts } of plan.folds) {
      const folded = foldLinear(linear, beforeMap, afterMap, before.length + after.length, shifts);
      if (typeof folded === "string") blocked.set(target, folded);
      else made.set(target, folded);
    }
    for (const target of made.keys()) {
      const reason = contradiction(target, made, sharers);
      if (reason !== undefined) blocked.set(target, reason);
    }
    if (blocked.size === before) return { plan, made };
  }
}

/** Why a layer's new parameters cannot be shared like its old ones, if they cannot. */
function contradiction(
  target: LayerParameter,
  made: ReadonlyMap<LayerParameter, FoldedWeights>,
  sharers: ReadonlyMap<string, readonly LayerParameter[]>,
): string | undefined {
  for (const [index, spec] of target.param.entries()) {
    const others = (sharers.get(spec.name) ?? []).filter((layer) => layer !== target);
    for (const other of spec.name ? others : []) {
      const there = other.param.findIndex(({ name }) => name === spec.name);
      const isSame =
        spec.shareMode !== ParamSpec_DimCheckMode.PERMISSIVE &&
        target.type === other.type &&
        sameValues(paramsOf(made.get(target))[index], paramsOf(made.get(other))[there]);
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
