import type { LayerClass } from "../core/catalog.js";
import type { ActivationKind, LayerGroup } from "../core/layer-facts.js";
import { AbsValLayer } from "./activation/abs-val.js";
import { BiasLayer } from "./activation/bias.js";
import { BNLLLayer } from "./activation/bnll.js";
import { ClipLayer } from "./activation/clip.js";
import { ELULayer } from "./activation/elu.js";
import { ExpLayer } from "./activation/exp.js";
import { LogLayer } from "./activation/log.js";
import { PowerLayer } from "./activation/power.js";
import { PReLULayer } from "./activation/prelu.js";
import { ReLULayer } from "./activation/relu.js";
import { ScaleLayer } from "./activation/scale.js";
import { SigmoidLayer } from "./activation/sigmoid.js";
import { SwishLayer } from "./activation/swish.js";
import { TanHLayer } from "./activation/tanh.js";
import { ThresholdLayer } from "./activation/threshold.js";
import { ArgMaxLayer } from "./common/arg-max.js";
import { BatchReindexLayer } from "./common/batch-reindex.js";
import { ConcatLayer } from "./common/concat.js";
import { DropoutLayer } from "./common/dropout.js";
import { EltwiseLayer } from "./common/eltwise.js";
import { EmbedLayer } from "./common/embed.js";
import { FilterLayer } from "./common/filter.js";
import { FlattenLayer } from "./common/flatten.js";
import { InnerProductLayer } from "./common/inner-product.js";
import { ParameterLayer } from "./common/parameter.js";
import { ReductionLayer } from "./common/reduction.js";
import { ReshapeLayer } from "./common/reshape.js";
import { SilenceLayer } from "./common/silence.js";
import { SliceLayer } from "./common/slice.js";
import { SoftmaxLayer } from "./common/softmax.js";
import { SplitLayer } from "./common/split.js";
import { TileLayer } from "./common/tile.js";
import { DataLayer } from "./data/data.js";
import { DummyDataLayer } from "./data/dummy-data.js";
import { HDF5DataLayer } from "./data/hdf5-data.js";
import { HDF5OutputLayer } from "./data/hdf5-output.js";
import { ImageDataLayer } from "./data/image-data.js";
import { InputLayer } from "./data/input.js";
import { MemoryDataLayer } from "./data/memory-data.js";
import { WindowDataLayer } from "./data/window-data.js";
import { AccuracyLayer } from "./loss/accuracy.js";
import { ContrastiveLossLayer } from "./loss/contrastive-loss.js";
import { EuclideanLossLayer } from "./loss/euclidean-loss.js";
import { HingeLossLayer } from "./loss/hinge-loss.js";
import { InfogainLossLayer } from "./loss/infogain-loss.js";
import { MultinomialLogisticLossLayer } from "./loss/multinomial-logistic-loss.js";
import { SigmoidCrossEntropyLossLayer } from "./loss/sigmoid-cross-entropy-loss.js";
import { SoftmaxWithLossLayer } from "./loss/softmax-with-loss.js";
import { BatchNormLayer } from "./normalization/batch-norm.js";
import { LRNLayer } from "./normalization/lrn.js";
import { MVNLayer } from "./normalization/mvn.js";
import { LSTMLayer } from "./recurrent/lstm.js";
import { LSTMUnitLayer } from "./recurrent/lstm-unit.js";
import { RNNLayer } from "./recurrent/rnn.js";
import { ConvolutionLayer } from "./vision/convolution.js";
import { CropLayer } from "./vision/crop.js";
import { DeconvolutionLayer } from "./vision/deconvolution.js";
import { Im2colLayer } from "./vision/im2col.js";
import { PoolingLayer } from "./vision/pooling.js";
import { SPPLayer } from "./vision/spp.js";

/** All layer types; a new type gets its row here. */
export const layers = [
  AbsValLayer,
  AccuracyLayer,
  ArgMaxLayer,
  BNLLLayer,
  BatchNormLayer,
  BatchReindexLayer,
  BiasLayer,
  ClipLayer,
  ConcatLayer,
  ContrastiveLossLayer,
  ConvolutionLayer,
  CropLayer,
  DataLayer,
  DeconvolutionLayer,
  DropoutLayer,
  DummyDataLayer,
  ELULayer,
  EltwiseLayer,
  EmbedLayer,
  EuclideanLossLayer,
  ExpLayer,
  FilterLayer,
  FlattenLayer,
  HDF5DataLayer,
  HDF5OutputLayer,
  HingeLossLayer,
  Im2colLayer,
  ImageDataLayer,
  InfogainLossLayer,
  InnerProductLayer,
  InputLayer,
  LRNLayer,
  LSTMLayer,
  LSTMUnitLayer,
  LogLayer,
  MVNLayer,
  MemoryDataLayer,
  MultinomialLogisticLossLayer,
  PReLULayer,
  ParameterLayer,
  PoolingLayer,
  PowerLayer,
  RNNLayer,
  ReLULayer,
  ReductionLayer,
  ReshapeLayer,
  SPPLayer,
  ScaleLayer,
  SigmoidLayer,
  SigmoidCrossEntropyLossLayer,
  SilenceLayer,
  SliceLayer,
  SoftmaxLayer,
  SoftmaxWithLossLayer,
  SplitLayer,
  SwishLayer,
  TanHLayer,
  ThresholdLayer,
  TileLayer,
  WindowDataLayer,
] as const satisfies readonly LayerClass[];

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

/** Types by fork and group, where they have one. A type that gets its row above is removed here. */
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
