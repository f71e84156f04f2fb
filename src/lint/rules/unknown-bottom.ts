import { describeElsewhere } from "../../core/graph.js";
import { closest, hintAt } from "../../util/closest.js";
import { grouped } from "../../util/grouped.js";
import { memoized } from "../../util/memoized.js";
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

/** The most bottoms of a state for which the intended name is searched: each search compares all names above. */
const maxHints = 50;

function* unknownIn(view: View, net: LintNet): Iterable<LayerProblem> {
  const made = new Set<string>();
  const names: string[] = [];
  let [above, hints] = [0, 0];
  for (const { kind: problem, layer, index, value } of view.problems) {
    if (problem !== "unknown bottom" || unfedTargets(view, layer).includes(index)) continue;
    const { name } = value;
    let later = value.next;
    while (later?.maker?.layer === layer) later = later.next;
    const maker = later?.maker?.layer;
    const makes = maker && !maker.message.bottom.includes(name) ? maker : undefined;
    // An unknown bottom of a fragment is an input of it, unless a later layer makes it.
    if (net.kind === "fragment" && !makes) continue;
    for (let each = view.layers[above]; each && each !== layer; each = view.layers[++above]) {
      for (const top of each.message.top) if (made.size < made.add(top).size) names.push(top);
    }
    const others = makes ? [] : view.madeElsewhere(name);
    const close = !makes && others.length === 0 && hints++ < maxHints ? closest(name, made) : undefined;
    const hint = makes
      ? `; ${makes.label}, further down, does`
      : others.length > 0
        ? others.map(({ message }) => `; ${describeElsewhere(message)}`).join("")
        : hintAt(close && `"${close}"`);
    yield {
      layer,
      at: bottomAt(layer, index),
      message: `${layer.label} reads "${name}", which no layer before it makes${inNets(net, layer, index)}${hint}`,
      why: whyOf(view, name, makes, names.slice(-3)),
    };
  }
}

/** Which nets of the solver lack the bottom, unless all of several do. */
function inNets({ views }: LintNet, layer: LintLayer, index: number): string {
  const lacking = views.filter((view) => unknownBottoms(view).get(layer)?.includes(index));
  const areAll = views.length > 1 && lacking.length === views.length;
  const named = lacking.flatMap(({ net, state }) => (net === undefined ? [] : [`${net}, ${state}`]));
  return areAll || named.length === 0 ? "" : ` in ${named.join(" and in ")}`;
}

/** The indices of the unknown bottoms of each layer that has any. */
const unknownBottoms = memoized((view: View) => {
  const unknown = grouped(
    view.problems.filter(({ kind }) => kind === "unknown bottom"),
    ({ layer }) => layer,
  );
  return new Map([...unknown].map(([layer, problems]) => [layer, problems.map(({ index }) => index)]));
});

function bottomAt(layer: LintLayer, index: number) {
  const bottoms = layer.values("bottom");
  return bottoms[index]?.value ?? layer.at("bottom");
}

function whyOf({ net, state }: View, name: string, later: LintLayer | undefined, above: readonly string[]): string {
  const stops = `Caffe aborts with "Unknown bottom blob '${name}'" when it builds ${net ?? "the net"} for ${state}, and Moka does so too.`;
  if (later)
    return `${stops} Layers run in the order in which they stand: "${later.name}" has to come before its readers.`;
  const last = above.map((each) => `"${each}"`);
  return `${stops} ${last.length > 0 ? `The last blobs made above are ${last.join(", ")}.` : "No layer stands above it in this state."}`;
}
