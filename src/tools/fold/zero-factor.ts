import { blobValues } from "../../proto/binary/index.js";
import type { LayerParameter } from "../../proto/gen/caffe_pb.js";
import type { TrainedParams } from "./trained-params.js";

/** The warning for a folded BatchNorm whose factor is 0; undefined for any other layer. */
export function zeroFactor(layer: LayerParameter, params: TrainedParams): string | undefined {
  if (layer.type !== "BatchNorm") return undefined;
  const [mean, variance, factor] = params.of(layer).map((blob) => (blob ? blobValues(blob).data : undefined));
  if (factor?.[0] !== 0) return undefined;
  const isFilled = [mean, variance].some((blob) => blob?.some((value) => value !== 0));
  const why = isFilled
    ? "though its mean and variance are not: the program that made these weights left it out, and moka fix --weights sets it to 1"
    : "and so are its mean and variance: it was never trained";
  return `BatchNorm "${layer.name}" has a factor of 0 in the weights, ${why}. It is folded as it computes, by a mean and a variance of 0.`;
}
