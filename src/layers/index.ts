import type { LayerClass } from "../core/catalog.js";
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

/** All layer types; a new one gets its row here. */
export const layers: readonly LayerClass[] = [
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
];
