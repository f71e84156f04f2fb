import { type Target, targetOf } from "./target.js";

/**
 * Rockchip's RKNN-Toolkit2 (RK3566, RK3568, RK3588 and others).
 *
 * Source: the Caffe table of `doc/RKNNToolKit2_OP_Support-1.4.0.md` in rockchip-linux/rknn-toolkit2. Its protocol is BVLC's of commit 21d0608 with
 * additions. Of types that the table writes otherwise (PRelu, Relu, Relu6), the names are Caffe's. Limits of sizes are not
 * checked. Input is not in the table; every net begins with one. Upsample is another layer there, with a mask.
 */
export const rknn: Target = targetOf(
  "rknn",
  "Rockchip's RKNN-Toolkit2",
  "Input BatchNorm BNLL Concat Convolution Crop Deconvolution Dropout Eltwise Flatten HardSigmoid InnerProduct LRN Permute " +
    "Power Pooling PReLU Reduction ReLU ReLU6 Reshape Reverse Scale Sigmoid Slice Softmax Split TanH Tile Transpose",
);
