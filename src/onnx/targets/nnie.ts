import { type Target, targetOf } from "./target.js";

/**
 * HiSilicon's NNIE (Hi3516, Hi3519, Hi3559), by its `nnie_mapper`, which takes Caffe 1.0 and a few extensions.
 *
 * The manual (HiSVP Development Guide) is given only to HiSilicon's customers, and was not at hand. This list is put together from what is public:
 * summaries of it and the samples in OpenHarmony's SDK (convolution, pooling, inner product, LRN, BatchNorm, Eltwise, Concat, ReLU, Sigmoid, TanH; as
 * extensions ROIPooling, Normalize, PSROIPooling, Upsample with a mask, PassThrough), reports of users (no ReLU6; pooling rounds up; Threshold, Power and
 * Slice in use), and memory for the rest. Check it against the manual of your version. Limits of sizes are not checked.
 */
export const nnie: Target = targetOf(
  "nnie",
  "HiSilicon's NNIE",
  "Input Convolution Deconvolution Pooling InnerProduct LRN BatchNorm Scale Bias Eltwise ReLU PReLU AbsVal TanH Sigmoid " +
    "BNLL ELU Exp Log Power Threshold MVN Reduction Concat Slice Split Reshape Flatten Softmax Crop Tile SPP Permute",
);
