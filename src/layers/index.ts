import type { LayerClass } from "../core/catalog.js";
import type { ActivationKind, LayerGroup } from "../core/layer-facts.js";
import * as classes from "./classes.js";

/** All layer types, by name. */
export const layers = Object.values(classes).sort((a, b) => (a.type < b.type ? -1 : 1)) satisfies LayerClass[];

/** A layer type of a fork of Caffe that is not here. */
export interface ForkType {
  /** The fork it is known from, in the genitive: `SSD's`. */
  readonly fork: string | undefined;
  readonly group: LayerGroup | undefined;
  readonly activation?: ActivationKind;
}

type Row = readonly [
  fork: string | undefined,
  group: LayerGroup | undefined,
  types: string,
  activation?: ActivationKind,
];

/** Types by fork and group, where they have one. A type that gets its row in classes.ts is removed here. */
const rows: readonly Row[] = [
  ["SSD's", "data", "AnnotatedData"],
  ["SSD's", "vision", "PriorBox"],
  ["SSD's", "normalization", "Normalize"],
  ["SSD's", "loss", "DetectionEvaluate DetectionOutput MultiBoxLoss SmoothL1Loss"],
  ["SSD's", undefined, "Permute VideoData"],
  ["Faster R-CNN's or R-FCN's", "vision", "PSROIPooling ROIAlign ROIPooling"],
  ["Faster R-CNN's or R-FCN's", undefined, "BoxAnnotatorOHEM Proposal SmoothL1LossOHEM SoftmaxWithLossOHEM"],
  ["SegNet's, PSPNet's or DeepLab's", "vision", "Interp Upsample"],
  ["SegNet's, PSPNet's or DeepLab's", "normalization", "BN"],
  ["SegNet's, PSPNet's or DeepLab's", undefined, "DenseImageData SegAccuracy Unpooling"],
  ["a YOLO fork's", undefined, "EvalDetection Region RegionLoss Reorg Yolov3 YoloV3Loss Yolov3DetectionOutput"],
  ["a MobileNet or ShuffleNet fork's", "vision", "ConvolutionDepthwise DepthwiseConvolution"],
  ["a MobileNet or ShuffleNet fork's", "activation", "HardSigmoid Mish"],
  ["a MobileNet or ShuffleNet fork's", "activation", "ReLU6", "rectifier"],
  ["a MobileNet or ShuffleNet fork's", undefined, "HardSwish ShuffleChannel"],
  ["an SENet fork's", "activation", "Axpy"],
  ["an OCR fork's", undefined, "CTCLoss CtcLoss Lstm Transpose WarpCTCLoss"],
  ["a face recognition fork's", undefined, "CenterLoss LabelSpecificAdd MarginInnerProduct NormalizedInnerProduct"],
  [undefined, "recurrent", "Recurrent"],
  [undefined, "normalization", "GroupNorm SyncBN"],
];

/** Layer types of well-known forks of Caffe. */
export const forkTypes: ReadonlyMap<string, ForkType> = new Map(
  rows.flatMap(([fork, group, types, activation]) =>
    types.split(" ").map((type): [string, ForkType] => [type, { fork, group, ...(activation && { activation }) }]),
  ),
);
