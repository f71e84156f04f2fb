/** Layer types of well-known forks of Caffe, by the fork that is known for them. */
const forks: Readonly<Record<string, readonly string[]>> = {
  "SSD's": [
    ...["AnnotatedData", "DetectionEvaluate", "DetectionOutput", "MultiBoxLoss", "Normalize", "Permute", "PriorBox"],
    ...["SmoothL1Loss", "VideoData"],
  ],
  "Faster R-CNN's or R-FCN's": [
    ...["BoxAnnotatorOHEM", "PSROIPooling", "Proposal", "ROIAlign", "ROIPooling"],
    ...["SmoothL1LossOHEM", "SoftmaxWithLossOHEM"],
  ],
  "SegNet's, PSPNet's or DeepLab's": ["BN", "DenseImageData", "Interp", "SegAccuracy", "Unpooling", "Upsample"],
  "a YOLO fork's": ["EvalDetection", "Region", "RegionLoss", "Reorg", "Yolov3", "YoloV3Loss", "Yolov3DetectionOutput"],
  "a MobileNet or ShuffleNet fork's": [
    ...["ConvolutionDepthwise", "DepthwiseConvolution", "HardSigmoid", "HardSwish", "Mish", "ReLU6", "ShuffleChannel"],
  ],
  "an SENet fork's": ["Axpy"],
  "an OCR fork's": ["CTCLoss", "CtcLoss", "Lstm", "WarpCTCLoss", "Transpose"],
  "a face recognition fork's": ["CenterLoss", "LabelSpecificAdd", "MarginInnerProduct", "NormalizedInnerProduct"],
};

const forkOf: ReadonlyMap<string, string> = new Map(
  Object.entries(forks).flatMap(([fork, types]) => types.map((type): [string, string] => [type, fork])),
);

/** Whose a layer type is that BVLC Caffe does not have: `SSD's`; nothing for what is not known. */
export function forkOfType(type: string): string | undefined {
  return forkOf.get(type);
}
