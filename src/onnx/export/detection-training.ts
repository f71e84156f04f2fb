import { BoxAnnotatorOHEMLayer } from "../../layers/detection/box-annotator-ohem.js";
import { DetectionEvaluateLayer } from "../../layers/detection/detection-evaluate.js";
import { EvalDetectionLayer } from "../../layers/detection/eval-detection.js";
import { MultiBoxLossLayer } from "../../layers/detection/multi-box-loss.js";
import { RegionLossLayer } from "../../layers/detection/region-loss.js";
import { RpnAnchorTargetLayer } from "../../layers/detection/rpn-anchor-target-layer.js";
import { RpnProposalTargetLayer } from "../../layers/detection/rpn-proposal-target-layer.js";
import { Yolov3Layer } from "../../layers/detection/yolov3.js";
import { mapping } from "./mapping.js";

/**
 * The losses of detectors, the layers that make their targets, and those that compare detections with the truth: left out. A net in which
 * another layer reads what they make cannot be exported.
 */
export const detectionTraining = mapping(
  [
    BoxAnnotatorOHEMLayer,
    DetectionEvaluateLayer,
    EvalDetectionLayer,
    MultiBoxLossLayer,
    RegionLossLayer,
    RpnAnchorTargetLayer,
    RpnProposalTargetLayer,
    Yolov3Layer,
  ],
  (w) => w.drop("it is left out: only training and testing need it"),
);
