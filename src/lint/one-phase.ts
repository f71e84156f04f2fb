import { isFieldSet } from "@bufbuild/protobuf";
import { type NetStateRule, NetStateRuleSchema, Phase } from "../proto/gen/caffe_pb.js";
import { grouped } from "../util/grouped.js";
import { memoized } from "../util/memoized.js";
import { type BatchNorm, batchNorms } from "./batch-norms.js";
import type { LintLayer } from "./layer.js";
import type { LintNet, OtherNet } from "./net.js";
import { phasePairs } from "./phase-pairs.js";
import type { View } from "./view.js";

type PhaseName = "TRAIN" | "TEST";

/**
 * The phase of a layer that the other phase leaves out; undefined for a layer of both, or of neither. A layer of the same
 * name counts as the layer itself, since it has its parameters; so does one with a parameter of the same name, unless it runs
 * beside it, as in the other branch of a siamese net, and one in its place: of those bn-names-differ speaks.
 */
export const phaseOf: (net: LintNet) => (layer: LintLayer) => PhaseName | undefined = memoized((net) => {
  const { layers, views, otherNets } = net;
  const byName = grouped(layers, ({ name }) => name);
  const named = layers.flatMap((layer) => layer.message.param.map(({ name }) => ({ layer, name })));
  const byParam = grouped(named, ({ name }) => name);
  const seen = [...views, ...otherNets].map(({ phase }) => phase);
  const areBothSeen = seen.includes("TRAIN") && seen.includes("TEST");
  const isInOther = otherLayers(otherNets);
  const paired = new Set(
    phasePairs(net).flatMap(({ from, train, test }) => {
      return from === "TRAIN" ? [train.layer, test.layer] : [];
    }),
  );
  const isIn = (layer: LintLayer, phase: PhaseName) => {
    if (!areBothSeen) return mayBeIn(layer, phase);
    return views.some((view) => view.phase === phase && view.has(layer)) || isInOther(layer, phase);
  };
  return memoized((layer) => {
    if (paired.has(layer)) return undefined;
    const sharing = layer.message.param.flatMap(({ name }) => (name ? (byParam.get(name) ?? []) : []));
    const isBeside = ({ name }: LintLayer) => {
      return (
        name !== layer.name && views.some((view) => view.has(layer) && byName.get(name)?.some((each) => view.has(each)))
      );
    };
    const instead = sharing.map((each) => each.layer).filter((each) => !isBeside(each));
    const same = [...(byName.get(layer.name) ?? [layer]), ...instead];
    const [train, test] = (["TRAIN", "TEST"] as const).map((phase) => same.some((each) => isIn(each, phase)));
    return train === test ? undefined : train ? "TRAIN" : "TEST";
  });
});

/** Tells whether another net of a phase has a layer of the same name, or one with a parameter of the same name. */
function otherLayers(nets: readonly OtherNet[]): (layer: LintLayer, phase: PhaseName) => boolean {
  const known = nets.map(({ phase, layers }) => ({
    phase,
    names: new Set(layers.map(({ name }) => name)),
    params: new Set(layers.flatMap(({ param }) => param.map(({ name }) => name))),
  }));
  return ({ name, message }, phase) =>
    known.some((net) => {
      const shares = message.param.some((param) => param.name !== "" && net.params.has(param.name));
      return net.phase === phase && (net.names.has(name) || shares);
    });
}

/**
 * Whether a BatchNorm stands in one phase only, and layers around it in both, so that the other phase goes past it:
 * bn-one-phase reports it. A branch of its own may well be in one phase only.
 */
export function isBypassed(net: LintNet, { view, layer, before }: BatchNorm): boolean {
  const own = phaseOf(net)(layer);
  if (own !== view.phase) return false;
  if (own === "TEST" && before && !phaseOf(net)(before)) return true;
  return readersBehind(net, view, layer).some((reader) => !phaseOf(net)(reader));
}

/** Whether a BatchNorm of both phases has its Scale in one of them only: bn-one-phase reports it at the Scale. */
export function isScaledInOnePhase(net: LintNet, { layer }: BatchNorm): boolean {
  const phase = phaseOf(net);
  if (phase(layer)) return false;
  const same = net.views.flatMap(batchNorms).filter((norm) => norm.layer.name === layer.name);
  return same.some(({ scale, view }) => scale !== undefined && phase(scale) === view.phase);
}

/** The layers that read it, and those behind readers that are in the same phase only. */
function readersBehind(net: LintNet, view: View, layer: LintLayer): readonly LintLayer[] {
  const found = new Set<LintLayer>();
  const open = [layer];
  for (let next = open.pop(); next; next = open.pop()) {
    for (const reader of next.message.top.flatMap((_, top) => view.readers(next as LintLayer, top))) {
      if (found.has(reader.layer)) continue;
      found.add(reader.layer);
      if (phaseOf(net)(reader.layer)) open.push(reader.layer);
    }
  }
  return [...found];
}

/** Whether the include and exclude rules let a layer be in a phase, whatever the stages and levels are. */
function mayBeIn({ message: { include, exclude } }: LintLayer, phase: PhaseName): boolean {
  if (include.length > 0) return include.some((rule) => phaseIn(rule) !== other(phase));
  return !exclude.some((rule) => phaseIn(rule) === phase && isOnlyPhase(rule));
}

function phaseIn(rule: NetStateRule): PhaseName | undefined {
  if (!isFieldSet(rule, NetStateRuleSchema.field.phase)) return undefined;
  return rule.phase === Phase.TEST ? "TEST" : "TRAIN";
}

function other(phase: PhaseName): PhaseName {
  return phase === "TRAIN" ? "TEST" : "TRAIN";
}

function isOnlyPhase(rule: NetStateRule): boolean {
  return NetStateRuleSchema.fields.every((field) => field.name === "phase" || !isFieldSet(rule, field));
}
