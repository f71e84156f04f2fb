import type { ActivationKind, LayerGroup } from "../core/layer-facts.js";

// All layer types; a new type gets its row here.
export { AbsValLayer } from "./activation/abs-val.js";
export { AxpyLayer } from "./activation/axpy.js";
export { BiasLayer } from "./activation/bias.js";
export { BNLLLayer } from "./activation/bnll.js";
export { ClipLayer } from "./activation/clip.js";
export { ELULayer } from "./activation/elu.js";
export { ExpLayer } from "./activation/exp.js";
export { HardSigmoidLayer } from "./activation/hard-sigmoid.js";
export { HardSwishLayer } from "./activation/hard-swish.js";
export { LogLayer } from "./activation/log.js";
export { MishLayer } from "./activation/mish.js";
export { PowerLayer } from "./activation/power.js";
export { PReLULayer } from "./activation/prelu.js";
export { ReLULayer } from "./activation/relu.js";
export { ReLU6Layer } from "./activation/relu6.js";
export { ScaleLayer } from "./activation/scale.js";
export { SigmoidLayer } from "./activation/sigmoid.js";
export { SwishLayer } from "./activation/swish.js";
export { TanHLayer } from "./activation/tanh.js";
export { ThresholdLayer } from "./activation/threshold.js";
export { AddLayer } from "./common/add.js";
export { ArgMaxLayer } from "./common/arg-max.js";
export { BatchReindexLayer } from "./common/batch-reindex.js";
export { BatchToSpaceNDLayer } from "./common/batch-to-space-nd.js";
export { ConcatLayer } from "./common/concat.js";
export { CTCGreedyDecoderLayer } from "./common/ctc-greedy-decoder.js";
export { DepthToSpaceLayer } from "./common/depth-to-space.js";
export { DropoutLayer } from "./common/dropout.js";
export { EltwiseLayer } from "./common/eltwise.js";
export { EmbedLayer } from "./common/embed.js";
export { ExpandDimsNDLayer } from "./common/expand-dims-nd.js";
export { FilterLayer } from "./common/filter.js";
export { FlattenLayer } from "./common/flatten.js";
export { FlipLayer } from "./common/flip.js";
export { GatherLayer } from "./common/gather.js";
export { InnerProductLayer } from "./common/inner-product.js";
export { MulLayer } from "./common/mul.js";
export { PadLayer } from "./common/pad.js";
export { ParameterLayer } from "./common/parameter.js";
export { PermuteLayer } from "./common/permute.js";
export { ReductionLayer } from "./common/reduction.js";
export { ReshapeLayer } from "./common/reshape.js";
export { ReverseLayer } from "./common/reverse.js";
export { ShuffleChannelLayer } from "./common/shuffle-channel.js";
export { SilenceLayer } from "./common/silence.js";
export { SliceLayer } from "./common/slice.js";
export { SoftmaxLayer } from "./common/softmax.js";
export { SpaceToBatchNDLayer } from "./common/space-to-batch-nd.js";
export { SpatialDropoutLayer } from "./common/spatial-dropout-layer.js";
export { SplitLayer } from "./common/split.js";
export { SqueezeLayer } from "./common/squeeze.js";
export { TileLayer } from "./common/tile.js";
export { TransposeLayer } from "./common/transpose.js";
export { UnstackLayer } from "./common/unstack.js";
export { AnnotatedDataLayer } from "./data/annotated-data.js";
export { DataLayer } from "./data/data.js";
export { DenseImageDataLayer } from "./data/dense-image-data.js";
export { DummyDataLayer } from "./data/dummy-data.js";
export { HDF5DataLayer } from "./data/hdf5-data.js";
export { HDF5OutputLayer } from "./data/hdf5-output.js";
export { ImageDataLayer } from "./data/image-data.js";
export { ImageSegDataLayer } from "./data/image-seg-data.js";
export { InputLayer } from "./data/input.js";
export { MemoryDataLayer } from "./data/memory-data.js";
export { RoIDataLayer } from "./data/roi-data-layer.js";
export { VideoDataLayer } from "./data/video-data.js";
export { VOCSegDataLayer } from "./data/voc-seg-data-layer.js";
export { WindowDataLayer } from "./data/window-data.js";
export { BoxAnnotatorOHEMLayer } from "./detection/box-annotator-ohem.js";
export { DetectionEvaluateLayer } from "./detection/detection-evaluate.js";
export { DetectionOutputLayer } from "./detection/detection-output.js";
export { EvalDetectionLayer } from "./detection/eval-detection.js";
export { MultiBoxLossLayer } from "./detection/multi-box-loss.js";
export { PriorBoxLayer } from "./detection/prior-box.js";
export { ProposalLayer } from "./detection/proposal.js";
export { PSROIPoolingLayer } from "./detection/psroi-pooling.js";
export { RegionLossLayer } from "./detection/region-loss.js";
export { ReorgLayer } from "./detection/reorg.js";
export { ROIPoolingLayer } from "./detection/roi-pooling.js";
export { RpnAnchorTargetLayer } from "./detection/rpn-anchor-target-layer.js";
export { RpnProposalLayer } from "./detection/rpn-proposal-layer.js";
export { RpnProposalTargetLayer } from "./detection/rpn-proposal-target-layer.js";
export { YoloDetectionOutputLayer } from "./detection/yolo-detection-output.js";
export { Yolov2DarknetReorgLayer } from "./detection/yolov2-darknet-reorg.js";
export { Yolov3Layer } from "./detection/yolov3.js";
export { Yolov3DetectionOutputLayer } from "./detection/yolov3-detection-output.js";
export { AccuracyLayer } from "./loss/accuracy.js";
export { CenterLossLayer } from "./loss/center-loss.js";
export { ContrastiveLossLayer } from "./loss/contrastive-loss.js";
export { CTCLossLayer } from "./loss/ctc-loss.js";
export { EuclideanLossLayer } from "./loss/euclidean-loss.js";
export { HingeLossLayer } from "./loss/hinge-loss.js";
export { InfogainLossLayer } from "./loss/infogain-loss.js";
export { MarginInnerProductLayer } from "./loss/margin-inner-product.js";
export { MultinomialLogisticLossLayer } from "./loss/multinomial-logistic-loss.js";
export { PylossEuclideanLossLayer } from "./loss/pyloss-euclidean-loss-layer.js";
export { PythonNormlizedMSELayer } from "./loss/python-normlized-mse.js";
export { SigmoidCrossEntropyLossLayer } from "./loss/sigmoid-cross-entropy-loss.js";
export { SmoothL1LossLayer } from "./loss/smooth-l1-loss.js";
export { SmoothL1LossOHEMLayer } from "./loss/smooth-l1-loss-ohem.js";
export { SoftmaxWithLossLayer } from "./loss/softmax-with-loss.js";
export { SoftmaxWithLossOHEMLayer } from "./loss/softmax-with-loss-ohem.js";
export { WarpCTCLossLayer } from "./loss/warp-ctc-loss.js";
export { YoloSegLayer } from "./loss/yolo-seg.js";
export { BatchNormLayer } from "./normalization/batch-norm.js";
export { BNLayer } from "./normalization/bn.js";
export { LRNLayer } from "./normalization/lrn.js";
export { MVNLayer } from "./normalization/mvn.js";
export { NormalizeLayer } from "./normalization/normalize.js";
export { SyncBNLayer } from "./normalization/sync-bn.js";
export { LSTMLayer } from "./recurrent/lstm.js";
export { LstmLayer } from "./recurrent/lstm-ocr.js";
export { LSTMUnitLayer } from "./recurrent/lstm-unit.js";
export { RNNLayer } from "./recurrent/rnn.js";
export { InterpLayer } from "./segmentation/interp.js";
export { ResizeBilinearLayer } from "./segmentation/resize-bilinear.js";
export { ResizeNearestNeighborLayer } from "./segmentation/resize-nearest-neighbor.js";
export { SegAccuracyLayer } from "./segmentation/seg-accuracy.js";
export { UpsampleLayer } from "./segmentation/upsample.js";
export { UpsampleDarknetLayer } from "./segmentation/upsample-darknet.js";
export { ConvolutionLayer } from "./vision/convolution.js";
export { ConvolutionDepthwiseLayer } from "./vision/convolution-depthwise.js";
export { CropLayer } from "./vision/crop.js";
export { DeconvolutionLayer } from "./vision/deconvolution.js";
export { DepthwiseConvolutionLayer } from "./vision/depthwise-convolution.js";
export { Im2colLayer } from "./vision/im2col.js";
export { PoolingLayer } from "./vision/pooling.js";
export { SPPLayer } from "./vision/spp.js";

type Row = readonly [
  fork: string | undefined,
  group: LayerGroup | undefined,
  types: string,
  activation?: ActivationKind,
];

/** Layer types of forks, by fork and by group if they have one. A type that gets a row above is removed here. */
export const forkRows: readonly Row[] = [
  ["Faster R-CNN's or R-FCN's", "vision", "ROIAlign"],
  ["OpenVINO's, which computes it after its own import of the net", "detection", "PriorBoxClustered"],
  ["SegNet's, PSPNet's or DeepLab's", undefined, "Unpooling"],
  ["a YOLO fork's", undefined, "AssistedExcitation Region SegmentationEvaluate YoloV3Loss"],
  ["a YOLO fork's", "data", "LaneData"],
  ["SqueezeDet's", undefined, "BboxData SqueezeDetLoss"],
  ["CRF-as-RNN's", undefined, "MultiStageMeanfield"],
  ["Convolutional Pose Machines'", "data", "CPMData"],
  ["NVIDIA's, for DetectNet", undefined, "DetectNetTransformation L1Loss"],
  ["DeepLab's first", "vision", "HoleConvolution"],
  ["Vitis AI's", undefined, "ConvolutionBNFixed ConvolutionFixed FixedNeuron"],
  ["only netscope's, which draws nets and never runs them", undefined, "implicit"],
  ["an OCR fork's", undefined, "CtcLoss"],
  ["a face recognition fork's", undefined, "LabelSpecificAdd NormalizedInnerProduct"],
  [undefined, "recurrent", "Recurrent"],
  [undefined, "normalization", "GroupNorm"],
];
