import type { Rule } from "../rule.js";
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
import { unknownBottom } from "./unknown-bottom.js";
import { unknownField } from "./unknown-field.js";
import { unknownLayer } from "./unknown-layer.js";
import { unusedTop } from "./unused-top.js";
import { zeroWeightFiller } from "./zero-weight-filler.js";

/** All rules; a new rule is added here. Findings at one place are in this order. */
export const rules: readonly Rule[] = [
  // batch normalization in TRAIN and TEST
  bnOnePhase,
  bnNamesDiffer,
  bnPhasesDiffer,
  globalStatsInTrain,
  batchStatsInTest,
  redundantGlobalStats,
  // its Scale
  bnTwice,
  bnWithoutScale,
  scaleWithoutBias,
  scaleAxis,
  scaleFrozen,
  scaleFiller,
  scaleDecay,
  // what stands before it
  biasBeforeBn,
  dropoutBeforeBn,
  reluBeforeBn,
  bnAfterActivation,
  // its own fields
  bnLearnableStats,
  bnParamSpecs,
  bnNeedsBackward,
  bnFraction,
  bnEps,
  bnShared,
  bnForkFields,
  // batch normalization, by the numbers of this net and its solver
  bnBatchTooSmall,
  bnIterSize,
  bnAverageTooSlow,
  // batch normalization, from weights
  bnForkBlobs,
  bnUntrained,
  bnNegativeVariance,
  bnDeadChannel,
  // the whole net
  mixedForms,
  caffeRefuses,
  crLineEnds,
  solverParameters,
  gluedNumber,
  unknownField,
  unknownLayer,
  forkLayers,
  unknownBottom,
  lossInDeploy,
  duplicateTop,
  duplicateLayerName,
  phaseOverlap,
  phaseNamesDiffer,
  shapeMismatch,
  missingWeights,
  lrMultCount,
  labelGradient,
  negativeLossWeight,
  layerAfterInPlace,
  softmaxThenSoftmaxloss,
  zeroWeightFiller,
  unusedTop,
  legacyFormat,
];
