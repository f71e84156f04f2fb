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
  const made = new Set<string>();
  for (const [place, layer] of view.layers.entries()) {
    const elsewhere = unfedTargets(view, layer);
    for (const [index, name] of layer.message.bottom.entries()) {
      if (view.makers(layer)[index] || elsewhere.includes(index)) continue;
      const later = view.layers.slice(place + 1).find((each) => each.message.top.includes(name));
      const makes = later && !later.message.bottom.includes(name) ? later : undefined;
      // An unknown bottom of a fragment is an input of it, unless a later layer makes it.
      if (kind === "fragment" && !makes) continue;
      yield {
        layer,
        at: bottomAt(layer, index),
        message: `${layer.label} reads "${name}", which no layer before it makes${hint(name, makes, made)}`,
        why: whyOf(view, name, makes, made),
      };
    }
    for (const name of layer.message.top) made.add(name);
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
