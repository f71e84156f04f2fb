import { type Target, targetOf } from "./target.js";

/**
 * SigmaStar's IPU SDK (SSD20x, SSC33x and others).
 *
 * Source: "Caffe Supported Operators" of the IPU toolchain's page on operators (doc.comake.online, Op_Support). Its Upsample is a
 * Deconvolution renamed by hand, and is left out. Power takes whole positive exponents only, and Softmax the last axis;
 * these and limits of sizes are not checked. Input is not in the table; every net begins with one.
 */
export const sigmastar: Target = targetOf(
  "sigmastar",
  "SigmaStar's IPU",
  "Input ArgMax Axpy BatchNorm Concat Convolution Crop Deconvolution Dropout Eltwise Flatten InnerProduct Permute Pooling " +
    "Power Reshape Reverse ReLU PReLU Sigmoid Slice Scale Softmax Split ShuffleChannel TanH Threshold Tile",
);
