// Sentences of the pages and of the linter that say what Caffe does, and what holds them.
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { lintText } from "../../src/lint/lint.js";
import { rules } from "../../src/lint/rules/index.js";
import type { NetParameter } from "../../src/proto/gen/caffe_pb.js";
import { lintContext } from "../lint.js";
import { weightsOf } from "../lint-weights.js";

/** Sentences, or parts of them, word by word: by page, or by the name of one of `said`, a finding. */
export type Sentences = Readonly<Record<string, readonly string[]>>;

export interface Claims {
  /** The kind of evidence. */
  readonly held: string;
  /** Fails if the sentences are not so. */
  readonly by: () => void | Promise<void>;
  readonly claims: Sentences;
}

/** Sentences that quote Caffe or one of its libraries, or tell its history, and the place there. */
export interface Quotes {
  /** File and function in BVLC/caffe at 9b8915401, or in the library named; a commit for history. */
  readonly source: string;
  readonly claims: Sentences;
}

interface Said {
  readonly net: string;
  readonly solver?: string;
  readonly weights?: NetParameter;
}

const input = (dims: string) => `input: "x" input_shape { ${dims} }\n`;
const dummy = (dims: string, batch: number) =>
  `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { ${dims} } shape { dim: ${batch} } } }\n`;
const data = dummy("dim: 4 dim: 3 dim: 8 dim: 8", 4);
const norm = (fields: string, name = "bn", x = "x") =>
  `layer { name: "${name}" type: "BatchNorm" bottom: "${x}" top: "y${x}" ${fields} }\n`;
const ip = `layer { name: "ip" type: "InnerProduct" bottom: "yx" top: "ip" inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }\n`;
/** A Scale in place, with these fields of its message and its `scale_param`. */
const scale = (fields = "", param = "bias_term: true", name = "scale") =>
  `layer { name: "${name}" type: "Scale" bottom: "yx" top: "yx" ${fields} scale_param { ${param} } }\n`;
const product = (fields: string, name: string, filler = 'weight_filler { type: "xavier" }') =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "yx" top: "h" ${fields} inner_product_param { num_output: 5 ${filler} } }\n`;
/** Convolution and BatchNorm, from the data to "yx". */
const convNorm = (specs = "") =>
  `layer { name: "conv" type: "Convolution" bottom: "x" top: "c" ${specs}
    convolution_param { num_output: 3 kernel_size: 1 bias_term: false weight_filler { type: "msra" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "c" top: "yx" }\n`;
const inTrain = "include { phase: TRAIN }";
const inTest = "include { phase: TEST }";
const onH = (text: string) => text.replace('bottom: "yx"', 'bottom: "h"');
const shares = 'param { name: "m" lr_mult: 0 } param { name: "v" lr_mult: 0 }';

/** Nets in which a rule finds something. The first word of a name is the rule; the rest tells variants apart. */
const said: Readonly<Record<string, Said>> = {
  "bn-batch-too-small": { net: dummy("dim: 1 dim: 3", 1) + norm("") + ip },
  "bn-batch-too-small few": { net: dummy("dim: 4 dim: 3", 4) + norm("") + ip },
  "bn-untrained": { net: input("dim: 1 dim: 3") + norm(""), weights: weightsOf({ bn: [[0, 0, 0], [0, 0, 0], [0]] }) },
  "bn-negative-variance": {
    net: input("dim: 1 dim: 3") + norm(""),
    weights: weightsOf({ bn: [[Number.POSITIVE_INFINITY, 0, 0], [1, 1, 1], [1]] }),
  },
  "bn-iter-size": { net: data + norm("") + ip, solver: "iter_size: 4" },
  "bn-param-specs": {
    net: `${data}layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 2 kernel_size: 1 } }
${norm("param { lr_mult: 0 decay_mult: 0 }", "bn", "c")}${ip.replaceAll("yx", "yc")}`,
  },
  "bn-learnable-stats": { net: data + norm("param { lr_mult: 1 } param { lr_mult: 1 } param { decay_mult: 0 }") + ip },
  "bn-learnable-stats equal": { net: data + norm("param { lr_mult: 1 } param { lr_mult: 1 } param { }") + ip },
  "bn-learnable-stats two": { net: data + norm("param { lr_mult: 1 } param { lr_mult: 1 }") + ip },
  "bn-shared": {
    net: `input: "a" input_shape { dim: 4 dim: 3 } input: "b" input_shape { dim: 4 dim: 3 }\n${norm(shares, "p", "a")}${norm(shares, "q", "b")}`,
  },
  "bn-names-differ": { net: data + norm(inTrain, "p") + norm(inTest, "q") + ip },
  "bn-names-differ scale": {
    net: data + norm("") + scale(inTrain, undefined, "p") + scale(inTest, undefined, "q") + ip,
  },
  "phase-names-differ": { net: data + norm("") + product(inTrain, "p") + product(inTest, "q") + onH(ip) },
  "bn-phases-differ": { net: data + norm("") + scale(inTrain) + scale(inTest, "") + ip },
  "bn-phases-differ eps": { net: `${data}${norm(inTrain)}${norm(`${inTest} batch_norm_param { eps: 0.3 }`)}${ip}` },
  "bn-phases-differ shared": {
    net:
      `${data}${norm(inTrain)}${norm(`${inTest} ${shares}`)}${scale()}` +
      `layer { name: "other" type: "BatchNorm" bottom: "yx" top: "yx" ${inTrain} }
       layer { name: "other" type: "BatchNorm" bottom: "yx" top: "yx" ${inTest} ${shares} }\n${ip}`,
  },
  "missing-weights": { net: data + norm("") + ip, weights: weightsOf({ bn: [[0, 0, 0], [1, 1, 1], [1]] }) },
  "bn-twice": {
    net: `${data}${norm("")}layer { name: "again" type: "BatchNorm" bottom: "yx" top: "yx" }\n${scale()}${ip}`,
  },
  "bn-twice scale": {
    net: `${data}layer { name: "before" type: "Scale" bottom: "x" top: "x" scale_param { bias_term: true } }\n${norm("")}${ip}`,
  },
  "scale-axis": { net: data + norm("") + scale("", "bias_term: true num_axes: 0") + ip },
  "scale-frozen": { net: data + convNorm() + scale("param { lr_mult: 0 } param { lr_mult: 0 }") + ip },
  "scale-filler": {
    net: `${data}${convNorm()}${scale("", "bias_term: true filler { value: 0 }")}layer { name: "relu" type: "ReLU" bottom: "yx" top: "yx" }\n${ip}`,
  },
  "scale-filler read": { net: data + convNorm() + scale("", "bias_term: true filler { value: 0 }") + ip },
  "scale-filler random": {
    net: data + convNorm() + scale("", 'bias_term: true filler { type: "gaussian" std: 0.01 }') + ip,
  },
  "dropout-before-bn": { net: `${data}layer { name: "drop" type: "Dropout" bottom: "x" top: "x" }\n${norm("")}${ip}` },
  "bn-fraction": { net: data + norm("batch_norm_param { moving_average_fraction: 1.1 }") + ip },
  "bn-fraction low": { net: data + norm("batch_norm_param { moving_average_fraction: 0.1 }") + ip },
  "bn-eps": { net: data + norm("batch_norm_param { eps: 0 }") + ip },
  "bn-eps large": { net: data + norm("batch_norm_param { eps: 1 }") + ip },
  "bn-needs-backward": { net: data + convNorm("param { lr_mult: 0 }") + ip },
  "negative-loss-weight": { net: data + norm("") + ip.replace('top: "loss"', 'top: "loss" loss_weight: -1') },
  "zero-weight-filler": { net: data + convNorm() + product("", "p", "") + onH(ip) },
  "global-stats-in-train": { net: data + norm("batch_norm_param { use_global_stats: true }") + ip },
  "global-stats-in-train many": {
    net:
      data +
      Array.from(
        { length: 17 },
        (_, i) =>
          `layer { name: "n${i}" type: "BatchNorm" bottom: "${i ? "yx" : "x"}" top: "yx" batch_norm_param { use_global_stats: true } }\n`,
      ).join("") +
      ip,
  },
};

const normal = (text: string) => text.replaceAll(/\s+/g, " ");

/** The text of a page, or what is said of a finding, with single spaces. */
export async function textOf(where: string): Promise<string> {
  if (where.endsWith(".md")) return normal(readFileSync(new URL(`../../${where}`, import.meta.url), "utf8"));
  const example = said[where];
  const rule = rules.find(({ id }) => id === where.split(" ")[0]);
  if (!example || !rule) throw new Error(`no finding is named "${where}"`);
  const found = await lintText(example.net, undefined, [rule], {}, lintContext(example));
  return normal(found.map(({ message, why }) => `${message} ${why}`).join(" "));
}

/** Fails if numbers differ by more than the tolerance, of 1 or of `b`. */
export function near(a: number, b: number, tolerance = 2e-5): void {
  expect(Math.abs(a - b), `${a} and ${b}`).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(b)));
}

/** The mean, and the variance over all values. */
export function moments(x: readonly number[]) {
  const mean = x.reduce((sum, value) => sum + value / x.length, 0);
  return { mean, variance: x.reduce((sum, value) => sum + (value - mean) ** 2 / x.length, 0) };
}
