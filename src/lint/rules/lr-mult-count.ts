import { counted } from "../../util/words.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import { removeSpecs, type WrittenSpec, writtenSpecs } from "../param-specs.js";
import type { Rule } from "../rule.js";

export const lrMultCount: Rule = {
  id: "lr-mult-count",
  severity: "error",
  summary: "more param specs than the layer has parameters",

  *check(net) {
    for (const layer of net.layers) {
      const count = countOf(layer, net);
      const given = layer.message.param.length;
      if (count === undefined || given <= count || layer.type === "BatchNorm") continue;
      const specs = writtenSpecs(layer);
      const surplus = specs?.slice(count) ?? [];
      const dropped = surplus.length > 0 && isCertain(layer, count, given) ? surplus : undefined;
      yield {
        at: surplus[0]?.field ?? layer.at("param"),
        message: `${layer.label} has ${counted(given, "param spec")} for ${counted(count, "parameter")}`,
        why: `Caffe aborts with "Too many params specified for layer ${layer.name}", and Moka does not load the net either. ${reasonOf(layer, count)}`,
        fix: dropped && { edits: editsOf(net, dropped, specs) },
      };
    }
  },
};

/** The number of parameters: by their shapes if known, else by the message. */
function countOf(layer: LintLayer, { views }: LintNet): number | undefined {
  const shapes = views.map((view) => view.paramShapes(layer)).find((each) => each !== undefined);
  return shapes?.length ?? layer.facts?.paramCount;
}

/** Whether it is certain which specs are too many: that of a missing bias, or all. */
function isCertain(layer: LintLayer, count: number, given: number): boolean {
  return count === 0 || (hasNoBias(layer) && given === count + 1);
}

function hasNoBias({
  message: { convolutionParam, innerProductParam, embedParam, scaleParam, type },
}: LintLayer): boolean {
  if (type === "Scale") return !scaleParam?.biasTerm;
  return [convolutionParam, innerProductParam, embedParam].some((param) => param?.biasTerm === false);
}

function reasonOf(layer: LintLayer, count: number): string {
  if (count === 0) return `A layer of type ${layer.type} learns nothing, so it takes no param.`;
  return hasNoBias(layer)
    ? "Without bias_term: true it has weights only: the second spec is for a bias that is not there."
    : "";
}

function editsOf({ edit }: LintNet, surplus: readonly WrittenSpec[], all: readonly WrittenSpec[] | undefined) {
  // If all values of a list are removed, its field is removed.
  const [first] = surplus;
  const list = first?.field.value;
  const whole =
    first &&
    list?.kind === "list" &&
    surplus.length === all?.length &&
    surplus.every(({ field }) => field === first.field);
  return whole ? edit.remove(first.field) : removeSpecs(edit, surplus);
}
