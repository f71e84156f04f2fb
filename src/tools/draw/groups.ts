/** The groups in which Caffe's own documentation names its layers, and what no group has. */
export type LayerGroup = "data" | "vision" | "recurrent" | "common" | "activation" | "normalization" | "loss" | "other";

const types: Readonly<Record<Exclude<LayerGroup, "other">, string>> = {
  data: "AnnotatedData Data DummyData HDF5Data HDF5Output ImageData Input MemoryData Parameter WindowData",
  vision:
    "Convolution ConvolutionDepthwise Crop Deconvolution DepthwiseConvolution Im2col Interp Pooling PriorBox " +
    "PSROIPooling ROIAlign ROIPooling SPP Upsample",
  recurrent: "LSTM LSTMUnit Recurrent RNN",
  common: "Dropout Embed InnerProduct",
  activation:
    "AbsVal Axpy BNLL Bias Clip ELU Exp HardSigmoid Log Mish PReLU Power ReLU ReLU6 Scale Sigmoid Swish TanH Threshold",
  normalization: "BN BatchNorm GroupNorm LRN MVN Normalize SyncBN",
  loss:
    "Accuracy CenterLoss ContrastiveLoss DetectionEvaluate DetectionOutput EuclideanLoss FocalLoss HingeLoss " +
    "InfogainLoss MultiBoxLoss MultinomialLogisticLoss SigmoidCrossEntropyLoss SmoothL1Loss Softmax SoftmaxWithFocalLoss " +
    "SoftmaxWithLoss",
};

const groupOf = new Map(
  Object.entries(types).flatMap(([group, names]) => names.split(" ").map((name) => [name, group as LayerGroup])),
);

/** Layers that join, cut and reorder blobs are in no group: they are the joints of the picture. */
export function layerGroup(type: string): LayerGroup {
  return groupOf.get(type) ?? (/loss/i.test(type) ? "loss" : "other");
}

/** What a layer's box is filled and edged with. */
export const groupColours: Readonly<Record<LayerGroup, { readonly fill: string; readonly edge: string }>> = {
  data: { fill: "#e3ebf2", edge: "#7890a6" },
  vision: { fill: "#d6e6fa", edge: "#4a86c8" },
  recurrent: { fill: "#d3f0ee", edge: "#2d9a92" },
  common: { fill: "#e6defa", edge: "#8266c9" },
  activation: { fill: "#fde3d3", edge: "#d97b3d" },
  normalization: { fill: "#d9f0dc", edge: "#4d9e5b" },
  loss: { fill: "#fadadf", edge: "#c9506a" },
  other: { fill: "#f1f1ee", edge: "#95958c" },
};
