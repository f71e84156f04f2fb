import { check } from "../util/errors.js";
import type { Kernel } from "./kernels/kernel.js";
import { type KernelName, type Kernels, kernels } from "./kernels.js";
import { type KernelStep, kernelStep } from "./program.js";
import { type Memory, Span } from "./span.js";

/** Steps in which some given steps are replaced by several. */
export interface Lowered {
  readonly steps: readonly KernelStep[];
  /** For each given step, the index of its first new step; then the number of new steps. */
  readonly starts: readonly number[];
  /** Frees the memory that the new steps use. */
  release(): void;
}

const names = new Map<Kernel<never>, KernelName>(
  Object.entries(kernels).map(([name, kernel]) => [kernel, name as KernelName]),
);

/**
 * Replaces each fused kernel for which `isPresent` is false by plain ones. All steps use the same scratch memory, one
 * after the other. It is as large as the step that needs most.
 *
 * @throws MokaError `MOKA_UNSUPPORTED` if `isPresent` is false for a plain kernel
 */
export function lower(
  steps: readonly KernelStep[],
  isPresent: (kernel: KernelName) => boolean,
  memory: Memory,
): Lowered {
  const slots: Span[][] = [];
  const lowered: KernelStep[] = [];
  const starts = [0];
  for (const step of steps) {
    if (isPresent(step.kernel)) lowered.push(step);
    else lowered.push(...lowerStep(step, slots, memory));
    starts.push(lowered.length);
  }
  const storages = slots.map((spans) => {
    const storage = memory.allocate(Math.max(...spans.map(({ count }) => count)));
    for (const span of spans) span.place({ storage, offset: 0, holdsValues: () => true });
    return storage;
  });
  return {
    steps: lowered,
    starts,
    release() {
      for (const storage of storages) storage.release();
    },
  };
}

function lowerStep<K extends KernelName>({ kernel, args, layer }: KernelStep<K>, slots: Span[][], memory: Memory) {
  let taken = 0;
  const scratch = (count: number) => {
    const span = new Span(`${kernel}~`, count, memory);
    const slot = slots[taken++];
    if (slot) slot.push(span);
    else slots.push([span]);
    return span;
  };
  const { lowersTo } = kernels[kernel];
  check(lowersTo, "MOKA_UNSUPPORTED", `the engine has no kernel "${kernel}"`);
  return lowersTo(args, scratch).map((call) =>
    kernelStep(names.get(call.kernel) as KernelName, call.args as Kernels[KernelName], layer),
  );
}
