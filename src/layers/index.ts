import type { LayerClass } from "../core/catalog.js";
import { AbsValLayer } from "./activation/abs-val.js";
import { BiasLayer } from "./activation/bias.js";
import { PReLULayer } from "./activation/prelu.js";
import { ReLULayer } from "./activation/relu.js";
import { ScaleLayer } from "./activation/scale.js";
import { SigmoidLayer } from "./activation/sigmoid.js";
import { TanHLayer } from "./activation/tanh.js";
import { ConcatLayer } from "./common/concat.js";
import { DropoutLayer } from "./common/dropout.js";
import { EltwiseLayer } from "./common/eltwise.js";
import { FlattenLayer } from "./common/flatten.js";
import { InnerProductLayer } from "./common/inner-product.js";
import { ReshapeLayer } from "./common/reshape.js";
import { SilenceLayer } from "./common/silence.js";
import { SliceLayer } from "./common/slice.js";
import { SoftmaxLayer } from "./common/softmax.js";
import { SplitLayer } from "./common/split.js";
import { DataLayer } from "./data/data.js";
import { DummyDataLayer } from "./data/dummy-data.js";
import { HDF5DataLayer } from "./data/hdf5-data.js";
import { InputLayer } from "./data/input.js";
import { MemoryDataLayer } from "./data/memory-data.js";
import { AccuracyLayer } from "./loss/accuracy.js";
import { EuclideanLossLayer } from "./loss/euclidean-loss.js";
import { SoftmaxWithLossLayer } from "./loss/softmax-with-loss.js";
import { BatchNormLayer } from "./normalization/batch-norm.js";
import { LRNLayer } from "./normalization/lrn.js";
import { ConvolutionLayer } from "./vision/convolution.js";
import { PoolingLayer } from "./vision/pooling.js";

/** All layer types; a new one gets its row here. */
export const layers: readonly LayerClass[] = [
  AbsValLayer,
  AccuracyLayer,
  BatchNormLayer,
  BiasLayer,
  ConcatLayer,
  ConvolutionLayer,
  DataLayer,
  DropoutLayer,
  DummyDataLayer,
  EltwiseLayer,
  EuclideanLossLayer,
  FlattenLayer,
  HDF5DataLayer,
  InnerProductLayer,
  InputLayer,
  LRNLayer,
  MemoryDataLayer,
  PReLULayer,
  PoolingLayer,
  ReLULayer,
  ReshapeLayer,
  ScaleLayer,
  SigmoidLayer,
  SilenceLayer,
  SliceLayer,
  SoftmaxLayer,
  SoftmaxWithLossLayer,
  SplitLayer,
  TanHLayer,
];
