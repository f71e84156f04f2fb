/** What lint says in Chinese: a row a rule. */
import { batchStatsInTest } from "./batch-stats-in-test.js";
import { biasBeforeBn } from "./bias-before-bn.js";
import { bnAfterActivation } from "./bn-after-activation.js";
import { bnAverageTooSlow } from "./bn-average-too-slow.js";
import { bnBatchTooSmall } from "./bn-batch-too-small.js";
import { bnDeadChannel } from "./bn-dead-channel.js";
import { bnEps } from "./bn-eps.js";
import { bnForkBlobs } from "./bn-fork-blobs.js";
import { bnForkFields } from "./bn-fork-fields.js";
import { bnFraction } from "./bn-fraction.js";
import { bnIterSize } from "./bn-iter-size.js";
import { bnLearnableStats } from "./bn-learnable-stats.js";
import { bnNamesDiffer } from "./bn-names-differ.js";
import { bnNeedsBackward } from "./bn-needs-backward.js";
import { bnNegativeVariance } from "./bn-negative-variance.js";
import { bnOnePhase } from "./bn-one-phase.js";
import { bnParamSpecs } from "./bn-param-specs.js";
import { bnPhasesDiffer } from "./bn-phases-differ.js";
import { bnShared } from "./bn-shared.js";
import { bnTwice } from "./bn-twice.js";
import { bnUntrained } from "./bn-untrained.js";
import { bnWithoutScale } from "./bn-without-scale.js";
import { caffeRefuses } from "./caffe-refuses.js";
import { crLineEnds } from "./cr-line-ends.js";
import { dropoutBeforeBn } from "./dropout-before-bn.js";
import { duplicateLayerName } from "./duplicate-layer-name.js";
import { duplicateTop } from "./duplicate-top.js";
import { forkLayers } from "./fork-layers.js";
import { globalStatsInTrain } from "./global-stats-in-train.js";
import { gluedNumber } from "./glued-number.js";
import { labelGradient } from "./label-gradient.js";
import { layerAfterInPlace } from "./layer-after-in-place.js";
import { legacyFormat } from "./legacy-format.js";
import { lossInDeploy } from "./loss-in-deploy.js";
import { lrMultCount } from "./lr-mult-count.js";
import { missingWeights } from "./missing-weights.js";
import { mixedForms } from "./mixed-forms.js";
import { negativeLossWeight } from "./negative-loss-weight.js";
import { phaseNamesDiffer } from "./phase-names-differ.js";
import { phaseOverlap } from "./phase-overlap.js";
import { redundantGlobalStats } from "./redundant-global-stats.js";
import { reluBeforeBn } from "./relu-before-bn.js";
import { scaleAxis } from "./scale-axis.js";
import { scaleDecay } from "./scale-decay.js";
import { scaleFiller } from "./scale-filler.js";
import { scaleFrozen } from "./scale-frozen.js";
import { scaleWithoutBias } from "./scale-without-bias.js";
import { shapeMismatch } from "./shape-mismatch.js";
import { softmaxThenSoftmaxloss } from "./softmax-then-softmaxloss.js";
import { solverParameters } from "./solver-parameters.js";
import type { ChineseRule } from "./template.js";
import { unknownBottom } from "./unknown-bottom.js";
import { unknownField } from "./unknown-field.js";
import { unknownLayer } from "./unknown-layer.js";
import { unusedTop } from "./unused-top.js";
import { zeroWeightFiller } from "./zero-weight-filler.js";

/** By the rule's id. */
export const chinese: Readonly<Record<string, ChineseRule>> = {
  "batch-stats-in-test": batchStatsInTest,
  "bias-before-bn": biasBeforeBn,
  "bn-after-activation": bnAfterActivation,
  "bn-average-too-slow": bnAverageTooSlow,
  "bn-batch-too-small": bnBatchTooSmall,
  "bn-dead-channel": bnDeadChannel,
  "bn-eps": bnEps,
  "bn-fork-blobs": bnForkBlobs,
  "bn-fork-fields": bnForkFields,
  "bn-fraction": bnFraction,
  "bn-iter-size": bnIterSize,
  "bn-learnable-stats": bnLearnableStats,
  "bn-names-differ": bnNamesDiffer,
  "bn-needs-backward": bnNeedsBackward,
  "bn-negative-variance": bnNegativeVariance,
  "bn-one-phase": bnOnePhase,
  "bn-param-specs": bnParamSpecs,
  "bn-phases-differ": bnPhasesDiffer,
  "bn-shared": bnShared,
  "bn-twice": bnTwice,
  "bn-untrained": bnUntrained,
  "bn-without-scale": bnWithoutScale,
  "caffe-refuses": caffeRefuses,
  "cr-line-ends": crLineEnds,
  "dropout-before-bn": dropoutBeforeBn,
  "duplicate-layer-name": duplicateLayerName,
  "duplicate-top": duplicateTop,
  "fork-layers": forkLayers,
  "global-stats-in-train": globalStatsInTrain,
  "glued-number": gluedNumber,
  "label-gradient": labelGradient,
  "layer-after-in-place": layerAfterInPlace,
  "legacy-format": legacyFormat,
  "loss-in-deploy": lossInDeploy,
  "lr-mult-count": lrMultCount,
  "missing-weights": missingWeights,
  "mixed-forms": mixedForms,
  "negative-loss-weight": negativeLossWeight,
  "phase-names-differ": phaseNamesDiffer,
  "phase-overlap": phaseOverlap,
  "redundant-global-stats": redundantGlobalStats,
  "relu-before-bn": reluBeforeBn,
  "scale-axis": scaleAxis,
  "scale-decay": scaleDecay,
  "scale-filler": scaleFiller,
  "scale-frozen": scaleFrozen,
  "scale-without-bias": scaleWithoutBias,
  "shape-mismatch": shapeMismatch,
  "softmax-then-softmaxloss": softmaxThenSoftmaxloss,
  "solver-parameters": solverParameters,
  "unknown-bottom": unknownBottom,
  "unknown-field": unknownField,
  "unknown-layer": unknownLayer,
  "unused-top": unusedTop,
  "zero-weight-filler": zeroWeightFiller,
};
