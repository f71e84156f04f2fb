import type { Case } from "../maker.js";
import { activationCases } from "./activation.js";
import { batchNormCases } from "./batch-norm.js";
import { batchNormPoolCases } from "./batch-norm-pool.js";
import { batchNormRanksCases } from "./batch-norm-ranks.js";
import { clipCases } from "./clip.js";
import { convCases } from "./conv.js";
import { elementwiseCases } from "./elementwise.js";
import { exponentialCases } from "./exponential.js";
import { gemmCases } from "./gemm.js";
import { hardCases } from "./hard.js";
import { lrnCases } from "./lrn.js";
import { lstmCases } from "./lstm.js";
import { permuteCases } from "./permute.js";
import { poolCases } from "./pool.js";
import { regionCases } from "./regions.js";
import { resamplingCases } from "./resampling.js";
import { rowsCases } from "./rows.js";
import { scaleCases } from "./scale.js";
import { sigmoidLossCases } from "./sigmoid-loss.js";
import { softmaxCases } from "./softmax.js";
import { solverCases } from "./solver.js";

/** The one list of cases that every engine runs. */
export const cases: readonly Case[] = [
  ...elementwiseCases,
  ...rowsCases,
  ...permuteCases,
  ...gemmCases,
  ...convCases,
  ...poolCases,
  ...regionCases,
  ...resamplingCases,
  ...batchNormCases,
  ...batchNormPoolCases,
  ...batchNormRanksCases,
  ...lrnCases,
  ...scaleCases,
  ...activationCases,
  ...exponentialCases,
  ...clipCases,
  ...hardCases,
  ...lstmCases,
  ...softmaxCases,
  ...sigmoidLossCases,
  ...solverCases,
];
