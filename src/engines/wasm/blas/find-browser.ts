import { MokaError } from "../../../util/errors.js";

/** @throws MokaError `MOKA_UNSUPPORTED`, always */
export function findBlas(): never {
  throw new MokaError("MOKA_UNSUPPORTED", "there is no native BLAS in a page");
}

/** @throws MokaError `MOKA_UNSUPPORTED`, always */
export const loadSgemm: () => never = findBlas;
