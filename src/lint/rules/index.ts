import type { Rule } from "../rule.js";
import { scaleWithoutBias } from "./scale-without-bias.js";

/** All rules; a new one gets its row here. Findings at one place come in this order. */
export const rules: readonly Rule[] = [
  // batch normalization, from the text alone
  scaleWithoutBias,
  // batch normalization, by the numbers of this net and its solver
  // batch normalization, from weights
  // the whole net
];
