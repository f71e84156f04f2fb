// The catalogue of mistakes that are made with BatchNorm.
import { inOrder } from "./in-order.js";
import { inPhases } from "./in-phases.js";
import { inScale } from "./in-scale.js";
import { inStatistics } from "./in-statistics.js";
import { inText } from "./in-text.js";
import { inTraining } from "./in-training.js";
import { inWeights } from "./in-weights.js";
import type { Mistake } from "./mistake.js";

export const mistakes: readonly Mistake[] = [
  ...inScale,
  ...inStatistics,
  ...inPhases,
  ...inOrder,
  ...inText,
  ...inTraining,
  ...inWeights,
];
