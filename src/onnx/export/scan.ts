import { type Dim, valueInfo } from "../model.js";
import type { Value } from "./graph-writer.js";
import { Operators } from "./operators.js";

/** A value with the sizes that it has inside a loop: a state whole, an item of a sequence without its first axis. */
export interface Looped {
  readonly value: Value;
  readonly dims: readonly Dim[];
}

/** What one step computes: the states after it, and the items that it adds to each result. */
export interface Stepped {
  readonly states: readonly Value[];
  readonly results: readonly Looped[];
}

/**
 * Writes a loop over the first axis of sequences, as `Scan`, and returns the last states and then the results, one behind another along
 * a new first axis. The step can read all values of the graph around it.
 */
export function scan(
  w: Operators,
  states: readonly Looped[],
  sequences: readonly Looped[],
  step: (body: Operators, states: readonly Value[], items: readonly Value[]) => Stepped,
): readonly Value[] {
  const graph = w.graph.body();
  const body = new Operators(graph, `${w.prefix}/step`);
  const declare = (looped: readonly Looped[], what: string) =>
    looped.map(({ dims }) => valueInfo(graph.name(`${body.prefix}/${what}`), dims));
  const before = declare(states, "state");
  const items = declare(sequences, "item");
  const names = (infos: typeof before) => infos.map(({ name }) => name);
  const stepped = step(body, names(before), names(items));
  const after = stepped.states.map((value, i) => valueInfo(value, states[i]?.dims ?? []));
  // A value can be only one output of a graph.
  const results = stepped.results.map(({ value, dims }) => valueInfo(body.node("Identity", [value]), dims));
  return w.nodes(
    "Scan",
    [...states, ...sequences].map(({ value }) => value),
    after.length + results.length,
    {
      body: graph.graph(body.prefix, [...before, ...items], [...after, ...results]),
      num_scan_inputs: sequences.length,
    },
  );
}
