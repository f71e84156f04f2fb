import { create, type DescField, isMessage } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import {
  type ConvolutionParameter,
  EltwiseParameter_EltwiseOp as EltwiseOp,
  type EltwiseParameter,
  EltwiseParameterSchema,
  type LayerParameter,
  LayerParameterSchema,
  type PoolingParameter,
  PoolingParameter_PoolMethod as PoolMethod,
} from "../../proto/gen/caffe_pb.js";

/** The most items that are shown, and the most characters of an item. */
const maxItems = 4;
const maxLength = 28;

/** Fields that are left out: how a layer computes or is filled, not what it computes. */
const unimportant = new Set(["engine", "bias_term", "backend", "prefetch", "rand_skip", "shape"]);

/** A layer's most important settings: `64`, `7×7`, `stride 2`. Defaults are left out. */
export function describeLayer(layer: LayerParameter): string[] {
  if (layer.convolutionParam && /conv/i.test(layer.type)) return describeConvolution(layer.convolutionParam);
  if (layer.poolingParam && layer.type === "Pooling") return describePooling(layer.poolingParam);
  if (layer.innerProductParam) return [`${layer.innerProductParam.numOutput}`];
  if (layer.dropoutParam) return [`${shortNumber(layer.dropoutParam.dropoutRatio)}`];
  if (layer.type === "Eltwise") return describeEltwise(layer.eltwiseParam ?? create(EltwiseParameterSchema));
  return describeFields(layer);
}

/**
 * The learning rate multipliers of a layer's parameters: `lr mult 1, 2`. As in pycaffe, those of a convolution and an InnerProduct
 * are shown when they are not given, and none if all are 0.
 */
export function describeLrMult({ param, convolutionParam, innerProductParam }: LayerParameter): string[] {
  const count = Math.max(param.length, convolutionParam || innerProductParam ? 2 : 0);
  const rates = Array.from({ length: count }, (_, i) => param[i]?.lrMult ?? 1);
  return rates.some((rate) => rate !== 0) ? [`lr mult ${rates.map(shortNumber).join(", ")}`] : [];
}

function describeEltwise({ operation, coeff }: EltwiseParameter): string[] {
  const name = (EltwiseOp[operation] ?? `${operation}`).toLowerCase();
  return coeff.length === 0 ? [name] : [name, `coeff ${coeff.map(shortNumber).join(",")}`];
}

function describeConvolution(param: ConvolutionParameter): string[] {
  const { numOutput, dilation, group } = param;
  return [
    `${numOutput}`,
    ...describeWindow(param),
    ...notable("dilation", dilation, 1),
    ...(group > 1 ? [`group ${group}`] : []),
  ];
}

function describePooling(param: PoolingParameter): string[] {
  const method = (PoolMethod[param.pool] ?? `${param.pool}`).toLowerCase();
  return [method, ...(param.globalPooling ? ["global"] : describeWindow(param))];
}

/** Kernel, stride and pad, each as one size or as height and width. */
function describeWindow(param: ConvolutionParameter | PoolingParameter): string[] {
  const { kernelSize, kernelH, kernelW, stride, strideH, strideW, pad, padH, padW } = param;
  const sizes = (both: number | readonly number[], h: number, w: number) => (h || w ? [h, w] : [both].flat());
  const kernel = sizes(kernelSize, kernelH, kernelW);
  return [
    ...(kernel.length > 0 ? [(kernel.length === 1 ? [...kernel, ...kernel] : kernel).join("×")] : []),
    ...notable("stride", sizes(stride, strideH, strideW), 1),
    ...notable("pad", sizes(pad, padH, padW), 0),
  ];
}

/** One size for all axes, or a size for each; empty if all are the default. */
function notable(name: string, sizes: readonly number[], usual: number): string[] {
  if (sizes.every((size) => size === usual)) return [];
  return [`${name} ${sizes.every((size) => size === sizes[0]) ? sizes[0] : sizes.join("×")}`];
}

/** The plain fields that are set in the layer's own parameters. */
function describeFields(layer: LayerParameter): string[] {
  const message = reflect(LayerParameterSchema, layer, false);
  const items = message.sortedFields
    .filter(({ name }) => /_param$/.test(name) && !["transform_param", "loss_param"].includes(name))
    .flatMap((field) => {
      if (field.fieldKind !== "message" || !message.isSet(field)) return [];
      const param = message.get(field);
      return param.sortedFields
        .filter((inner) => param.isSet(inner) && !unimportant.has(inner.name))
        .flatMap((inner) => describeField(inner, param.get(inner)));
    });
  return items.length > maxItems ? [...items.slice(0, maxItems), "…"] : items;
}

function describeField(field: DescField, value: unknown): string[] {
  if (field.fieldKind === "message" || isMessage(value)) return [];
  const values = field.fieldKind === "list" ? [...(value as Iterable<unknown>)] : [value];
  if (values.length === 0 || values.some((each) => typeof each === "object")) return [];
  const texts = values.map((each) => {
    if (field.enum) return field.enum.values.find(({ number }) => number === each)?.name.toLowerCase() ?? `${each}`;
    return typeof each === "number" ? shortNumber(each) : `${each}`;
  });
  if (field.enum) return texts;
  if (field.fieldKind === "scalar" && typeof value === "boolean") return [`${field.name}${value ? "" : " off"}`];
  return [shortened(`${field.name} ${texts.join(",")}`)];
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** Shortens a text. The end of a path is shown, because paths differ most there. */
function shortened(item: string): string {
  const letters = [...item];
  if (letters.length <= maxLength) return item;
  const space = item.indexOf(" ") + 1;
  return `${item.slice(0, space)}…${letters.slice(letters.length - (maxLength - space)).join("")}`;
}
