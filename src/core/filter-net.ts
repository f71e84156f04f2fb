import { isFieldSet } from "@bufbuild/protobuf";
import type { LayerParameter, NetParameter, NetState, NetStateRule } from "../proto/gen/caffe_pb.js";
import { NetStateRuleSchema, Phase } from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { MokaError } from "../util/errors.js";
import type { Log } from "../util/log.js";
import { counted } from "../util/words.js";

/** The layers of `net` whose include and exclude rules allow the net's state. */
export function filterLayers(net: NetParameter, state: NetState, log: Log): LayerParameter[] {
  return net.layer.filter((layer) => isIncluded(layer, state, log));
}

/**
 * Like `filterLayers`, for a net that has to compute something.
 *
 * @throws MokaError `MOKA_LAYER` for a net without layers in this state: Caffe runs it, and computes nothing
 */
export function someLayers(net: NetParameter, state: NetState, log: Log): LayerParameter[] {
  const layers = filterLayers(net, state, log);
  if (layers.length > 0) return layers;
  const reason =
    net.layer.length === 0
      ? "the net has no layers"
      : `the net has no layers for ${formatState(state)}: the rules of its ${counted(net.layer.length, "layer")} leave ` +
        "all of them out";
  throw new MokaError("MOKA_LAYER", reason, { place: sourceOf(net)?.place });
}

/** With include rules a layer is in if one of them holds; else it is in unless an exclude rule holds. */
function isIncluded(layer: LayerParameter, state: NetState, log: Log): boolean {
  if (layer.include.length > 0 && layer.exclude.length > 0) {
    throw new MokaError("MOKA_FIELD", "has include rules and exclude rules; Caffe takes one kind, not both", {
      place: sourceOf(layer)?.place,
      layer,
    });
  }
  const holds = (rule: NetStateRule) => {
    const broken = brokenBy(rule, state);
    if (broken) log("info", "net.cpp:296", `${broken} specified by a rule in layer ${layer.name}`);
    return !broken;
  };
  return layer.include.length > 0 ? layer.include.some(holds) : !layer.exclude.some(holds);
}

/** The first condition of `rule` that `state` does not meet, in Caffe's words; undefined if it meets all. */
function brokenBy(rule: NetStateRule, state: NetState): string | undefined {
  const set = (field: keyof typeof NetStateRuleSchema.field) => isFieldSet(rule, NetStateRuleSchema.field[field]);
  if (set("phase") && rule.phase !== state.phase) {
    return `The NetState phase (${state.phase}) differed from the phase (${rule.phase})`;
  }
  if (set("minLevel") && state.level < rule.minLevel) {
    return `The NetState level (${state.level}) is above the min_level (${rule.minLevel})`;
  }
  if (set("maxLevel") && state.level > rule.maxLevel) {
    return `The NetState level (${state.level}) is above the max_level (${rule.maxLevel})`;
  }
  const missing = rule.stage.find((stage) => !state.stage.includes(stage));
  if (missing !== undefined) return `The NetState did not contain stage '${missing}'`;
  const unwanted = rule.notStage.find((stage) => state.stage.includes(stage));
  if (unwanted !== undefined) return `The NetState contained a not_stage '${unwanted}'`;
  return undefined;
}

/** A state in words: `phase TEST, level 2, stage "s0"`. What is not set is left out. */
export function formatState({ phase, level, stage }: NetState): string {
  const stages = stage.filter((name) => name !== "").map((name) => `stage ${JSON.stringify(name)}`);
  return [`phase ${phaseName(phase)}`, ...(level === 0 ? [] : [`level ${level}`]), ...stages].join(", ");
}

/** The name of a phase. */
export function phaseName(phase: Phase): "TRAIN" | "TEST" {
  return phase === Phase.TEST ? "TEST" : "TRAIN";
}
