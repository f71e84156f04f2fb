import { create, isFieldSet } from "@bufbuild/protobuf";
import { hasLossWeight } from "../../core/layer-roles.js";
import { blobShape, blobValues } from "../../proto/binary/index.js";
import {
  type ConvolutionParameter,
  ConvolutionParameterSchema,
  type InnerProductParameter,
  InnerProductParameterSchema,
  type LayerParameter,
} from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import type { Blobs } from "./trained-params.js";

/**
 * A layer that is linear but for its bias. Its weights are rows × columns × inner values. In a convolution and an inner
 * product a row is an output and a column an input; in a deconvolution and a transposed inner product a row is an input.
 * With groups, columns are counted within the row's group.
 */
export interface Linear {
  readonly weights: Float32Array;
  /** The shape of the weights, in today's form. */
  readonly shape: Shape;
  readonly bias: Float32Array | undefined;
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly group: number;
  readonly outputsFirst: boolean;
  readonly outputs: number;
  readonly inputs: number;
  /** The axis of the outputs in its top, which is also that of the inputs in its bottom, for an inner product the first. */
  readonly axis: number;
  /** The number of axes of its top. */
  readonly topRank: number;
  /** The number of products that are summed for one output. */
  readonly terms: number;
  /** Why a shift of its inputs does not shift all outputs alike, where that is so: the outputs at borders differ. */
  readonly border: string | undefined;
  /** Whether it flattens its bottom, so that several consecutive inputs belong to one channel. */
  readonly flattens: boolean;
}

/** The layer types that others can be folded into. */
export const linearTypes: readonly string[] = ["Convolution", "Deconvolution", "InnerProduct"];

/**
 * @param blobs its parameters
 * @param rank the number of axes of its bottom, if that is known
 * @returns the reason if nothing can be folded into it
 */
export function readLinear(layer: LayerParameter, blobs: Blobs, rank: number | undefined): Linear | string {
  if (layer.bottom.length !== 1 || layer.top.length !== 1) {
    return `has ${layer.bottom.length} bottoms and ${layer.top.length} tops, which share its weights`;
  }
  if (hasLossWeight(layer)) return "has a loss_weight on its top";
  const convolution = layer.convolutionParam ?? create(ConvolutionParameterSchema);
  const product = layer.innerProductParam ?? create(InnerProductParameterSchema);
  const isProduct = layer.type === "InnerProduct";
  const count = (isProduct ? product : convolution).biasTerm ? 2 : 1;
  const present = blobs.flatMap((blob) => blob ?? []);
  const [weights, bias] = present;
  if (!weights) return "has no blobs in the weights";
  if (present.length !== blobs.length || present.length !== count) {
    return `has ${present.length} blobs in the weights, where it needs ${count}`;
  }
  const parts = { weights: blobValues(weights).data, bias: bias && blobValues(bias).data };
  if (isProduct) return readInnerProduct(product, parts, rank);
  return readConvolution(convolution, layer.type === "Convolution", parts, blobShape(weights), rank);
}

interface Parts {
  readonly weights: Float32Array;
  readonly bias: Float32Array | undefined;
}

function readConvolution(
  param: ConvolutionParameter,
  outputsFirst: boolean,
  { weights, bias }: Parts,
  shape: Shape,
  rank: number | undefined,
): Linear | string {
  const { numOutput: outputs, group } = param;
  const [rows = 0, columns = 0, ...kernel] = shape;
  const fits = outputsFirst ? rows === outputs : columns * group === outputs;
  if (!fits || group < 1 || rows % group !== 0 || !holds(weights, bias, shape, outputs)) {
    return misfit(shape, weights, bias, `convolution_param.num_output ${outputs} and group ${group}`);
  }
  const axis = axisIn(param.axis, rank);
  if (axis === undefined) return `has convolution_param.axis ${param.axis}, and the shape of its bottom is not known`;
  const inner = countOf(kernel);
  return {
    ...{ weights, bias, shape, rows, columns, inner, group, outputsFirst, outputs },
    inputs: outputsFirst ? columns * group : rows,
    axis,
    topRank: axis + 1 + kernel.length,
    terms: outputsFirst ? columns * inner : (rows / group) * inner,
    border: outputsFirst ? borderOf(param) : spreadOf(param, inner),
    flattens: false,
  };
}

function readInnerProduct(
  { numOutput: outputs, transpose, axis: written }: InnerProductParameter,
  { weights, bias }: Parts,
  rank: number | undefined,
): Linear | string {
  const inputs = weights.length / outputs;
  const shape = transpose ? [inputs, outputs] : [outputs, inputs];
  if (!(outputs > 0 && Number.isInteger(inputs) && inputs > 0) || !holds(weights, bias, shape, outputs)) {
    return misfit([weights.length], weights, bias, `inner_product_param.num_output ${outputs}`);
  }
  const axis = axisIn(written, rank);
  if (axis === undefined) return `has inner_product_param.axis ${written}, and the shape of its bottom is not known`;
  const [rows = 0, columns = 0] = shape;
  return {
    ...{ weights, bias, shape, rows, columns, inner: 1, group: 1, outputsFirst: !transpose, outputs, inputs, axis },
    topRank: axis + 1,
    terms: inputs,
    border: undefined,
    flattens: true,
  };
}

function holds(weights: Float32Array, bias: Float32Array | undefined, shape: Shape, outputs: number): boolean {
  return weights.length === countOf(shape) && weights.length > 0 && (bias === undefined || bias.length === outputs);
}

function misfit(shape: Shape, weights: Float32Array, bias: Float32Array | undefined, wanted: string): string {
  const its = bias ? ` and a bias of ${bias.length}` : "";
  return `has weights of shape ${formatShape(shape)} with ${weights.length} values${its}, which do not fit ${wanted}`;
}

function axisIn(axis: number, rank: number | undefined): number | undefined {
  return axis >= 0 ? axis : rank === undefined ? undefined : rank + axis;
}

/** A pad of zeros comes behind the layers that would be folded, so these do not shift it. */
function borderOf(param: ConvolutionParameter): string | undefined {
  const { padH, padW } = ConvolutionParameterSchema.field;
  const pads = [padH, padW].some((field) => isFieldSet(param, field)) ? [param.padH, param.padW] : param.pad;
  return pads.some((pad) => pad !== 0) ? `pads with zeros (pad ${pads.join("×")}), which are not shifted` : undefined;
}

/** All outputs get the same shift only where each reads one position: with a kernel of 1 and a stride of 1. */
function spreadOf(param: ConvolutionParameter, kernel: number): string | undefined {
  const strides = [...param.stride, param.strideH, param.strideW];
  const isPlain = kernel === 1 && strides.every((stride) => stride <= 1);
  return isPlain ? undefined : "spreads each input over several outputs, unequally at its borders";
}
