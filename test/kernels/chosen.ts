import type { KernelName } from "../../src/core/kernels.js";
import { closest } from "../../src/util/closest.js";

/**
 * The kernels to test, of all there are: those that `npm run kernel` names, in `MOKA_KERNELS`; without it all.
 *
 * @throws Error for a name that no kernel has
 */
export function choose(all: readonly KernelName[], named = process.env["MOKA_KERNELS"]): readonly KernelName[] {
  if (named === undefined) return all;
  return named.split(" ").map((name) => {
    const kernel = all.find((one) => one === name);
    if (kernel) return kernel;
    const guess = closest(name, all);
    throw new Error(`there is no kernel ${name}${guess ? `; did you mean ${guess}?` : ""}`);
  });
}

/** Whether the module was compiled by `npm run kernel`: then only the one that this Node runs is there for certain. */
export const isQuick = process.env["MOKA_KERNELS"] !== undefined;
