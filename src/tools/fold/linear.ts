import { create, isFieldSet } from "@bufbuild/protobuf";
import { hasLossWeight } from "../../core/layer-roles.js";
import { blobShape, blobValues } from "../../proto/binary/index.js";
import {
  type ConvolutionParameter,
  ConvolutionParameterSchema,
  InnerProductParameterSchema,
  type LayerParameter,
} from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import type { Blobs } from "./trained-params.js";

/**
 * A layer that is linear except for its bias. Its weights are rows × columns × inner values. In a convolution and an inner
 * product a row is an output and a column an input; in a deconvolution and a transposed inner product a row is an input.
 * With groups, columns are counted within the row's group.
 */
export interface Linear {
  readonly weights: Float32Array;
  /** The shape of the weights, in the current form. */
  readonly shape: Shape;
  readonly bias: Float32Array | undefined;
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly group: number;
  readonly outputsFirst: boolean;
  readonly outputs: number;
  readonly inputs: number;
  /** The axis of the outputs in its top. It is also the axis of the inputs in its bottom, or the first of them (InnerProduct). */
  readonly axis: number;
  /** The number of axes of its top. */
  readonly topRank: number;
  /** The number of products that are summed for one output. */
  readonly terms: number;
  /** The reason if a shift of its inputs does not shift all outputs equally: outputs at borders differ. */
  readonly border: string | undefined;
  /** Whether it flattens its bottom, so that several consecutive inputs belong to one channel. */
  readonly flattens: boolean;
}

/** The layer types that others can be folded into. */
export const linearTypes: readonly string[] = [
  "Convolution",
  "ConvolutionDepthwise",
  "Deconvolution",
  "DepthwiseConvolution",
  "InnerProduct",
];

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
  const { numOutput: outputs, axis: written, biasTerm } = isProduct ? product : convolution;
  const present = blobs.flatMap((blob) => blob ?? []);
  const [blob, biasBlob] = present;
  if (!blob) return "has no blobs in the weights";
  const count = biasTerm ? 2 : 1;
  if (present.length !== blobs.length || present.length !== count) {
    return `has ${present.length} blobs in the weights, where it needs ${count}`;
  }
  const { data: weights } = blobValues(blob);
  const bias = biasBlob && blobValues(biasBlob).data;
  if (layer.type === "ConvolutionDepthwise" && !isFieldSet(convolution, ConvolutionParameterSchema.field.group)) {
    return "takes its group from its bottom; moka fix makes a Convolution of it, with the group written down";
  }
  const group = isProduct ? 1 : convolution.group;
  const outputsFirst = isProduct ? !product.transpose : layer.type !== "Deconvolution";
  const matrix = [outputs, weights.length / outputs];
  const shape = !isProduct ? blobShape(blob) : outputsFirst ? matrix : matrix.toReversed();
  const [rows = 0, columns = 0, ...kernel] = shape;
  const field = isProduct ? "inner_product_param" : "convolution_param";
  const fits =
    (outputsFirst ? rows : columns * group) === outputs &&
    group >= 1 &&
    Number.isInteger(rows / group) &&
    Number.isInteger(columns) &&
    weights.length === countOf(shape) &&
    weights.length > 0 &&
    (bias?.length ?? outputs) === outputs;
  if (!fits) {
    const has = `shape ${formatShape(isProduct ? [weights.length] : shape)} with ${weights.length} values`;
    const wanted = `${field}.num_output ${outputs}${isProduct ? "" : ` and group ${group}`}`;
    return `has weights of ${has}${bias ? ` and a bias of ${bias.length}` : ""}, which do not fit ${wanted}`;
  }
  if (written < 0 && rank === undefined)
    return `has ${field}.axis ${written}, and the shape of its bottom is not known`;
  const axis = written < 0 ? written + (rank ?? 0) : written;
  const inner = countOf(kernel);
  return {
    ...{ weights, bias, shape, rows, columns, inner, group, outputsFirst, outputs, axis },
    inputs: outputsFirst ? columns * group : rows,
    topRank: axis + 1 + kernel.length,
    terms: (outputsFirst ? columns : rows / group) * inner,
    border: isProduct ? undefined : outputsFirst ? borderOf(convolution) : spreadOf(convolution, inner),
    flattens: isProduct,
  };
}

/** Zeros of the padding are added after the layers that would be folded, so those do not shift them. */
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
