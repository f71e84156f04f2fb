import { isFieldSet } from "@bufbuild/protobuf";
import { isDataLayer } from "../../core/layer-roles.js";
import { type NetStateRule, NetStateRuleSchema } from "../../proto/gen/caffe_pb.js";
import { type LayerProblem, problemsInStates } from "../guessed-states.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Problem, Rule } from "../rule.js";
import type { View } from "../view.js";

export const phaseOverlap: Rule = {
  id: "phase-overlap",
  severity: "error",
  summary: "two sources of one blob in one state, tests without a source, or a rule that no state can meet",

  *check(net) {
    yield* problemsInStates(net, overlapsIn);
    yield* unfedTests(net);
    for (const layer of net.layers) yield* impossibleRules(layer);
  },
};

function* overlapsIn(view: View): Iterable<LayerProblem> {
  const makers = new Map<string, LintLayer>();
  for (const layer of view.layers.filter(({ message }) => isDataLayer(message))) {
    const twice = layer.message.top.find((name) => makers.has(name));
    const before = twice === undefined ? undefined : makers.get(twice);
    for (const name of layer.message.top) makers.set(name, layer);
    if (!before) continue;
    const ruled = before.message.include.length + layer.message.include.length > 0;
    yield {
      layer,
      at: layer.at(),
      message: `${layer.label} and ${before.label} are in one state, and both make "${twice}"`,
      why:
        `Caffe aborts with "Top blob '${twice}' produced by multiple sources" when it builds the net for ${view.phase}. ` +
        (ruled
          ? "The include rules of the two let both in."
          : "Neither has an include rule: give one include { phase: TRAIN }, and the other include { phase: TEST }."),
    };
  }
}

/** A solver that tests a net whose sources are all for TRAIN. */
function* unfedTests({ kind, views, solver }: LintNet): Iterable<Problem> {
  const source = views[0]?.layers.find(({ message }) => isDataLayer(message));
  const tests = solver !== undefined && solver.testIter.length > 0;
  if (!tests || !source || kind !== "trainval" || views.some(({ phase }) => phase === "TEST")) return;
  if (solver.trainNet !== "" || solver.trainNetParam || solver.testNet.length + solver.testNetParam.length > 0) return;
  yield {
    at: source.at(),
    message: `${source.label} feeds TRAIN, and nothing feeds TEST, though the solver has test_iter: ${solver.testIter.join(", ")}`,
    why:
      'The solver builds a net for TEST from this file too. Without a source for it Caffe aborts with "Unknown bottom blob" before the first ' +
      "iteration, and Moka does too. Add a source with include { phase: TEST }, or take test_iter and test_interval out of the solver.",
  };
}

function* impossibleRules(layer: LintLayer): Iterable<Problem> {
  for (const kind of ["include", "exclude"] as const) {
    for (const [index, rule] of layer.message[kind].entries()) {
      const reason = contradiction(rule);
      if (!reason) continue;
      yield {
        at: layer.values(kind)[index]?.field ?? layer.at(),
        severity: "warning",
        message: `${layer.label} has an ${kind} rule that no state meets: ${reason}`,
        why:
          "All conditions of a rule have to hold at once; for alternatives write two rules. " +
          (kind === "include" && layer.message.include.length === 1
            ? "So this layer is in no net that is built from this file."
            : "So this rule does nothing."),
      };
    }
  }
}

function contradiction(rule: NetStateRule): string | undefined {
  const both = rule.stage.find((stage) => rule.notStage.includes(stage));
  if (both !== undefined) return `stage and not_stage are both "${both}"`;
  const { minLevel, maxLevel } = NetStateRuleSchema.field;
  if (isFieldSet(rule, minLevel) && isFieldSet(rule, maxLevel) && rule.minLevel > rule.maxLevel) {
    return `min_level ${rule.minLevel} is above max_level ${rule.maxLevel}`;
  }
  return undefined;
}
