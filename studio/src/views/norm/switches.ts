/** The settings of batch normalization that the article warns of: how each is read in a net's text, and set in it. */
import type { FieldChange, FieldQuery } from "moka-caffe";

export type SwitchName =
  | "use_global_stats"
  | "moving_average_fraction"
  | "bias_before_bn"
  | "scale_without_bias"
  | "learnable_stats"
  | "batch_size_1"
  | "scale_decay";

type Values = readonly (string | undefined)[];

export interface Switch {
  readonly name: SwitchName;
  /** What must be known of the text: `isOn` gets the answers in this order. */
  readonly reads: readonly FieldQuery[];
  readonly isOn: (values: readonly Values[]) => boolean;
  /** @param values the answers, as `isOn` gets them */
  readonly changes: (on: boolean, values: readonly Values[]) => readonly FieldChange[];
  /** The rules of lint that speak of it. */
  readonly rules: readonly string[];
}

const norms = { type: "BatchNorm" } as const;
const scales = { type: "Scale" } as const;
const convolutions = { type: "Convolution" } as const;
const trainData = { type: "Data", phase: "TRAIN" } as const;
const statistics = ["batch_norm_param", "use_global_stats"] as const;
const fraction = ["batch_norm_param", "moving_average_fraction"] as const;
const convolutionBias = ["convolution_param", "bias_term"] as const;
const scaleBias = ["scale_param", "bias_term"] as const;
const batchSize = ["data_param", "batch_size"] as const;

/** The fraction that the switch sets: the averages are then those of the last two batches or so. */
export const fastFraction = 0.5;
/** The batch size that comes back when the switch is turned off and none is known. */
const usualBatch = 50;

const undecayed = (count: number) => Array<string>(count).fill("{ lr_mult: 1 decay_mult: 0 }");

let batchBefore = String(usualBatch);

export const switches: readonly Switch[] = [
  {
    name: "use_global_stats",
    reads: [{ layers: norms, path: statistics }],
    isOn: ([values = []]) => values.some((value) => value === "true" || value === "1"),
    changes: (on) => [{ layers: norms, path: statistics, value: on ? "true" : undefined }],
    rules: ["global-stats-in-train", "batch-stats-in-test", "redundant-global-stats"],
  },
  {
    name: "moving_average_fraction",
    reads: [{ layers: norms, path: fraction }],
    isOn: ([values = []]) => values.some((value) => value !== undefined && Number(value) < 0.9),
    changes: (on) => [{ layers: norms, path: fraction, value: on ? String(fastFraction) : undefined }],
    rules: ["bn-fraction", "bn-average-too-slow"],
  },
  {
    name: "bias_before_bn",
    reads: [{ layers: convolutions, path: convolutionBias }],
    isOn: ([values = []]) => values.some((value) => value !== "false" && value !== "0"),
    changes: (on) => [{ layers: convolutions, path: convolutionBias, value: on ? "true" : "false" }],
    rules: ["bias-before-bn"],
  },
  {
    name: "scale_without_bias",
    reads: [
      { layers: scales, path: scaleBias },
      { layers: scales, path: ["param", "decay_mult"] },
    ],
    isOn: ([values = []]) => values.some((value) => value !== "true" && value !== "1"),
    // One spec for each parameter: more are refused.
    changes: (on, [, specs = []]) => [
      { layers: scales, path: scaleBias, value: on ? "false" : "true" },
      ...(specs.some((spec) => spec !== undefined)
        ? [{ layers: scales, path: ["param"], value: undecayed(on ? 1 : 2) }]
        : []),
    ],
    rules: ["scale-without-bias", "bn-without-scale"],
  },
  {
    name: "learnable_stats",
    reads: [{ layers: norms, path: ["param", "lr_mult"] }],
    isOn: ([values = []]) => values.some((value) => value !== undefined && Number(value) !== 0),
    changes: (on) => [{ layers: norms, path: ["param"], value: on ? ["{ lr_mult: 1 }", "{ lr_mult: 2 }"] : undefined }],
    rules: ["bn-learnable-stats", "bn-param-specs"],
  },
  {
    name: "batch_size_1",
    reads: [{ layers: trainData, path: batchSize }],
    isOn: ([values = []]) => {
      const [size] = values;
      if (size !== undefined && size !== "1") batchBefore = size;
      return size === "1";
    },
    changes: (on) => [{ layers: trainData, path: batchSize, value: on ? "1" : batchBefore }],
    rules: ["bn-batch-too-small"],
  },
  {
    name: "scale_decay",
    reads: [
      { layers: scales, path: ["param", "decay_mult"] },
      { layers: scales, path: scaleBias },
    ],
    isOn: ([values = []]) => values.some((value) => value === undefined || Number(value) !== 0),
    changes: (on) => [
      {
        layers: scales,
        path: ["param"],
        value: on ? undefined : Array<string>(2).fill("{ lr_mult: 1 decay_mult: 0 }"),
      },
    ],
    rules: ["scale-decay"],
  },
];
