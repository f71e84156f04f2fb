import { SilenceLayer } from "../../layers/common/silence.js";
import { AccuracyLayer } from "../../layers/loss/accuracy.js";
import { CenterLossLayer } from "../../layers/loss/center-loss.js";
import { ContrastiveLossLayer } from "../../layers/loss/contrastive-loss.js";
import { CTCLossLayer } from "../../layers/loss/ctc-loss.js";
import { EuclideanLossLayer } from "../../layers/loss/euclidean-loss.js";
import { HingeLossLayer } from "../../layers/loss/hinge-loss.js";
import { MultinomialLogisticLossLayer } from "../../layers/loss/multinomial-logistic-loss.js";
import { PylossEuclideanLossLayer } from "../../layers/loss/pyloss-euclidean-loss-layer.js";
import { PythonNormlizedMSELayer } from "../../layers/loss/python-normlized-mse.js";
import { RegionSmoothL1Layer, SmoothL1LossLayer } from "../../layers/loss/smooth-l1-loss.js";
import { SmoothL1LossOHEMLayer } from "../../layers/loss/smooth-l1-loss-ohem.js";
import { WarpCTCLossLayer } from "../../layers/loss/warp-ctc-loss.js";
import { YoloSegLayer } from "../../layers/loss/yolo-seg.js";
import { SegAccuracyLayer } from "../../layers/segmentation/seg-accuracy.js";
import { mapping } from "./mapping.js";

/** Accuracy, and losses that compute no probabilities: left out. What they read, but for labels, is an output if nothing else reads it. */
export const trainingOnly = mapping(
  [
    AccuracyLayer,
    CenterLossLayer,
    ContrastiveLossLayer,
    CTCLossLayer,
    EuclideanLossLayer,
    HingeLossLayer,
    MultinomialLogisticLossLayer,
    PylossEuclideanLossLayer,
    PythonNormlizedMSELayer,
    RegionSmoothL1Layer,
    SegAccuracyLayer,
    SmoothL1LossLayer,
    SmoothL1LossOHEMLayer,
    WarpCTCLossLayer,
    YoloSegLayer,
  ],
  (w) => w.drop("it is left out: only training and testing need it"),
);

/** Silence: nothing is written, and what it reads is no output, as in Caffe. */
export const silence = mapping(SilenceLayer, () => {});
