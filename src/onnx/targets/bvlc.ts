import { type Target, targetOf } from "./target.js";

/** BVLC's Caffe, as of its last commit (2020), with no layer or field of a fork. Source: its layer factory; layers for training are left out. */
export const bvlc: Target = targetOf(
  "bvlc",
  "BVLC's Caffe",
  "AbsVal ArgMax BNLL BatchNorm BatchReindex Bias Clip Concat Convolution Crop Deconvolution Dropout ELU Eltwise Embed Exp " +
    "Flatten Im2col InnerProduct Input LRN LSTM Log MVN PReLU Parameter Pooling Power RNN ReLU Reduction Reshape SPP Scale " +
    "Sigmoid Silence Slice Softmax Split Swish TanH Threshold Tile",
  { lacks: [] },
);
