import {
  EltwiseParameter_EltwiseOp as EltwiseOp,
  type LayerParameter,
  ReductionParameter_ReductionOp as ReductionOp,
} from "../proto/gen/caffe_pb.js";
import type { LintLayer } from "./layer.js";

/** What Caffe's backward of a layer reads again of a blob, as that is by then. */
export type Need = "values" | "sign";

const keepsTop: ReadonlySet<string> = new Set(["Sigmoid", "TanH", "Exp", "ELU", "Swish", "Softmax", "LRN", "MVN"]);
const keepsBottom: ReadonlySet<string> = new Set([
  ...["AbsVal", "BNLL", "Log", "Clip", "PReLU", "LRN", "MVN", "Scale", "ELU", "LSTM", "RNN"],
]);
const multiplies: ReadonlySet<string> = new Set(["Convolution", "Deconvolution", "InnerProduct"]);

/** Types that may give a top the name of its bottom. */
const inPlace: ReadonlySet<string> = new Set([
  ...[
    "BNLL",
    "Clip",
    "Dropout",
    "ELU",
    "Exp",
    "Log",
    "PReLU",
    "Power",
    "ReLU",
    "Sigmoid",
    "Swish",
    "TanH",
    "Threshold",
  ],
  ...["BatchNorm", "Bias", "MVN", "Scale", "Softmax"],
]);

/** Whether a layer of one of Caffe's types can work in place. */
export function canWorkInPlace(type: string): boolean {
  return inPlace.has(type);
}

/** Layers that copy their bottom where they work in place. */
const copies: ReadonlySet<string> = new Set(["PReLU", "Scale", "BatchNorm"]);

/** Layers whose backward takes their own top for the bottom it has replaced, which is wrong. */
export function spoilsItself(layer: LintLayer): boolean {
  const { type, message } = layer;
  return type === "BNLL" || type === "Log" || (type === "Power" && !hasConstantSlope(message));
}

/** What the backward of a layer takes from its bottom; `learning`: whether its weights have a gradient. */
export function needOfBottom(layer: LintLayer, inPlace: boolean, learning: boolean): Need | undefined {
  const { message, type } = layer;
  if (inPlace && (copies.has(type) || spoilsItself(layer))) return undefined;
  if (type === "ReLU" || type === "ELU") return "sign";
  if (multiplies.has(type)) return learning ? "values" : undefined;
  if (type === "Power") return hasConstantSlope(message) ? undefined : "values";
  if (type === "Eltwise") return message.eltwiseParam?.operation === EltwiseOp.PROD ? "values" : undefined;
  if (type === "Reduction") return isLinear(message) ? undefined : "values";
  return keepsBottom.has(type) ? "values" : undefined;
}

export function needOfTop({ type }: LintLayer): Need | undefined {
  return keepsTop.has(type) ? "values" : undefined;
}

function hasConstantSlope({ powerParam }: LayerParameter): boolean {
  return !powerParam || powerParam.power === 1 || powerParam.power === 0 || powerParam.scale === 0;
}

function isLinear({ reductionParam }: LayerParameter): boolean {
  const operation = reductionParam?.operation ?? ReductionOp.SUM;
  return operation === ReductionOp.SUM || operation === ReductionOp.MEAN;
}

/** Layers in place that leave what a ReLU lets through positive, and the rest 0 or below. */
const keepsSign: ReadonlySet<string> = new Set(["Dropout", "ReLU", "PReLU", "ELU", "TanH", "Swish", "Silence"]);

/** Whether a layer that works in place on a blob leaves what is needed of it. */
export function leaves(need: Need, { type, message: { powerParam: power, clipParam: clip } }: LintLayer): boolean {
  if (need === "values") return false;
  if (type === "Power") return power === undefined || (power.power === 1 && power.shift === 0 && power.scale > 0);
  if (type === "Clip") return clip !== undefined && clip.min <= 0 && clip.max > 0;
  return keepsSign.has(type);
}

/** Layers whose top is their bottom's memory by another shape or name. */
export function sharesMemory({ type, message: { bottom, top } }: LintLayer): boolean {
  if (type === "Concat") return bottom.length === 1;
  if (type === "Slice") return top.length === 1;
  return type === "Reshape" || type === "Flatten" || type === "Split";
}
