import { closest } from "../../util/closest.js";
import { type LayerProblem, problemsInStates } from "../guessed-states.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Rule } from "../rule.js";
import { unfedTargets } from "../unfed-targets.js";
import type { View } from "../view.js";

export const unknownBottom: Rule = {
  id: "unknown-bottom",
  severity: "error",
  summary: "a bottom that no layer before it makes",

  check: (net) => problemsInStates(net, (view) => unknownIn(view, net)),
};

function* unknownIn(view: View, { kind }: LintNet): Iterable<LayerProblem> {
  for (const { kind: problem, layer, index, value } of view.problems) {
    if (problem !== "unknown bottom" || unfedTargets(view, layer).includes(index)) continue;
    const { name } = value;
    let later = value.next;
    while (later?.maker?.layer === layer) later = later.next;
    const maker = later?.maker?.layer;
    const makes = maker && !maker.message.bottom.includes(name) ? maker : undefined;
    // An unknown bottom of a fragment is an input of it, unless a later layer makes it.
    if (kind === "fragment" && !makes) continue;
    const made = view.madeAbove(layer);
    yield {
      layer,
      at: bottomAt(layer, index),
      message: `${layer.label} reads "${name}", which no layer before it makes${hint(name, makes, made)}`,
      why: whyOf(view, name, makes, made),
    };
  }
}

function bottomAt(layer: LintLayer, index: number) {
  const bottoms = layer.values("bottom");
  return bottoms[index]?.value ?? layer.at("bottom");
}

function hint(name: string, later: LintLayer | undefined, made: ReadonlySet<string>): string {
  if (later) return `; ${later.label}, further down, does`;
  const close = closest(name, made);
  return close === undefined ? "" : `; did you mean "${close}"?`;
}

function whyOf({ phase, stages }: View, name: string, later: LintLayer | undefined, made: ReadonlySet<string>): string {
  const state = [phase, ...stages.map((stage) => `stage "${stage}"`)].join(", ");
  const stops = `Caffe aborts with "Unknown bottom blob '${name}'" when it builds the net for ${state}, and Moka does so too.`;
  if (later)
    return `${stops} Layers run in the order in which they stand: "${later.name}" has to come before its readers.`;
  const last = [...made].slice(-3).map((each) => `"${each}"`);
  return `${stops} ${last.length > 0 ? `The last blobs made above are ${last.join(", ")}.` : "No layer stands above it in this state."}`;
}
