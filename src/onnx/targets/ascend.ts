import { type Target, targetOf } from "./target.js";

/**
 * Huawei's Ascend, by ATC, the compiler of CANN, on those devices that still take Caffe (Atlas 200, 300, 500).
 *
 * Source: the list of Caffe's operators in CANN's documents (canncommercial 8.0.0, "operatorlist": AbsVal to Yolo), made for BVLC's
 * Caffe of commit 9b89154. Its Upsample is darknet's. Limits of single operators are not checked.
 */
export const ascend: Target = targetOf(
  "ascend",
  "Huawei's Ascend (ATC)",
  "Input AbsVal ArgMax BatchNorm Bias BNLL Clip Concat Convolution Crop Deconvolution Eltwise ELU Exp Flatten Interp Log LRN " +
    "LSTM InnerProduct MVN Normalize Permute Pooling Power PReLU Reduction ReLU6 ReLU Reshape Reverse RNN Scale ShuffleChannel " +
    "Sigmoid Slice Softmax Split SPP TanH Threshold Tile",
  { lacks: [] },
);
