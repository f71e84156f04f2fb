import type { Case } from "../maker.js";
import { activationCases } from "./activation.js";
import { batchNormCases } from "./batch-norm.js";
import { convCases } from "./conv.js";
import { elementwiseCases } from "./elementwise.js";
import { gemmCases } from "./gemm.js";
import { lrnCases } from "./lrn.js";
import { poolCases } from "./pool.js";
import { scaleCases } from "./scale.js";
import { softmaxCases } from "./softmax.js";
import { solverCases } from "./solver.js";

/** The one list of cases that every engine runs. */
export const cases: readonly Case[] = [
  ...elementwiseCases,
  ...gemmCases,
  ...convCases,
  ...poolCases,
  ...batchNormCases,
  ...lrnCases,
  ...scaleCases,
  ...activationCases,
  ...softmaxCases,
  ...solverCases,
];
