/** The steps of the tour: what each sets up, and what it runs when the reader has predicted. */
import type { FieldChange } from "moka-caffe";
import { type SwitchName, switches } from "../norm/switches.js";

export interface Step {
  readonly id: keyof typeof import("./texts.js").stepIds;
  /** Switches of the view of BatchNorm that are on in the step's net; all others are off. */
  readonly on: readonly SwitchName[];
  /** Further changes of the net. */
  readonly changes?: readonly FieldChange[];
  /** The experiment: so many iterations, and the gap measured after them or not; `load` only builds the net. */
  readonly run: { readonly iterations: number; readonly gap?: boolean } | "load";
  /** The index of the right prediction. */
  readonly right: number;
}

export const steps: readonly Step[] = [
  { id: "pair", on: [], run: { iterations: 1 }, right: 1 },
  { id: "phases", on: [], run: { iterations: 41, gap: true }, right: 2 },
  { id: "global", on: ["use_global_stats"], run: { iterations: 15 }, right: 1 },
  {
    id: "batchInTest",
    on: [],
    changes: [{ layers: { type: "BatchNorm" }, path: ["batch_norm_param", "use_global_stats"], value: "false" }],
    run: { iterations: 41 },
    right: 2,
  },
  { id: "fraction", on: ["moving_average_fraction"], run: { iterations: 41, gap: true }, right: 0 },
  { id: "bias", on: ["bias_before_bn"], run: { iterations: 41 }, right: 2 },
  { id: "scaleBias", on: ["scale_without_bias"], run: { iterations: 61 }, right: 1 },
  { id: "learnable", on: ["learnable_stats"], run: "load", right: 0 },
  { id: "batchSize", on: ["batch_size_1"], run: { iterations: 61, gap: true }, right: 1 },
  { id: "decay", on: ["scale_decay"], run: { iterations: 41 }, right: 2 },
];

/** What makes the step's net of the tour's. */
export function changesFor({ on, changes = [] }: Step): readonly FieldChange[] {
  return [
    ...switches.filter(({ name }) => on.includes(name)).flatMap((each) => each.changes(true, undecayedPair)),
    ...changes,
  ];
}

/** The tour's net has specs of no decay on its Scales, which a switch must keep as many as their parameters. */
const undecayedPair = [["true"], ["0"]] as const;

/** What turns all switches off: the tour's net is right. */
export const right: readonly FieldChange[] = switches.flatMap((each) => each.changes(false, [[], []]));

/** The rules of lint that speak of what a step shows. */
export function rulesOf({ on, id }: Step): readonly string[] {
  const rules = switches.filter(({ name }) => on.includes(name)).flatMap((each) => each.rules);
  return id === "batchInTest" ? [...rules, "batch-stats-in-test"] : rules;
}
