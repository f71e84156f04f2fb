/** The solver's fields that the form shows, and which of them a policy of the learning rate reads. */
import type { FieldQuery } from "moka-caffe";

export interface FormField {
  readonly name: string;
  readonly kind: "number" | "whole" | "choice" | "numbers";
  readonly choices?: readonly string[];
  /** The policies that read it; all, where none are named. */
  readonly policies?: readonly string[];
  /** What counts where the field is not written, as caffe.proto has it. */
  readonly standard?: string;
}

export const solverFields: readonly FormField[] = [
  {
    name: "type",
    kind: "choice",
    choices: ["SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"],
    standard: "SGD",
  },
  { name: "base_lr", kind: "number" },
  { name: "lr_policy", kind: "choice", choices: ["fixed", "step", "exp", "inv", "multistep", "poly", "sigmoid"] },
  { name: "gamma", kind: "number", policies: ["step", "exp", "inv", "multistep", "sigmoid"] },
  { name: "power", kind: "number", policies: ["inv", "poly"] },
  { name: "stepsize", kind: "whole", policies: ["step", "sigmoid"] },
  { name: "stepvalue", kind: "numbers", policies: ["multistep"] },
  { name: "max_iter", kind: "whole" },
  { name: "momentum", kind: "number", standard: "0" },
  { name: "weight_decay", kind: "number", standard: "0" },
  { name: "iter_size", kind: "whole", standard: "1" },
  { name: "test_iter", kind: "whole" },
  { name: "test_interval", kind: "whole", standard: "0" },
  { name: "random_seed", kind: "whole", standard: "-1" },
];

export const batchSize: FieldQuery = { layers: { type: "Data", phase: "TRAIN" }, path: ["data_param", "batch_size"] };

/** Strings of the prototxt stand in quotes. */
const quoted = new Set(["type", "lr_policy"]);

/** The value of a field as the text has it; undefined if what was typed is none; an empty one takes the field away. */
export function typedValue(
  { name, kind }: FormField,
  typed: string,
): { readonly value: string | readonly string[] | undefined } | undefined {
  const text = typed.trim();
  if (text === "") return { value: undefined };
  if (kind === "choice") return { value: quoted.has(name) ? JSON.stringify(text) : text };
  if (kind === "numbers") {
    const values = text.split(/[\s,]+/);
    return values.every((each) => /^\d+$/.test(each)) ? { value: values } : undefined;
  }
  const isRight = kind === "whole" ? /^-?\d+$/.test(text) : text !== "" && Number.isFinite(Number(text));
  return isRight ? { value: text } : undefined;
}

/** Whether a field counts with a policy. */
export function isRead({ policies }: FormField, policy: string | undefined): boolean {
  return policies === undefined || (policy !== undefined && policies.includes(policy));
}
