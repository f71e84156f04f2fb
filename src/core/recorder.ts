import { check } from "../util/errors.js";
import type { Communicator } from "./communicator.js";
import { type Kernels, kernels, type PlainName, plainNames } from "./kernels.js";
import { type HostStep, kernelStep, type Step } from "./program.js";
import { type RankSum, rankSumStep } from "./rank-sum.js";
import { type Memory, Span } from "./span.js";

/** The plain kernels. Layers cannot record fused ones: only passes make them. */
export type KernelCalls = { readonly [K in PlainName]: (args: Kernels[K]) => void };

/**
 * Takes the kernel calls of a layer's `forward` and `backward`: `k.relu({ x, y, negativeSlope })` reads like a call, and
 * becomes a step of a program. Its functions need no `this`.
 */
export interface Recorder extends KernelCalls {
  /** False if `backward` is never called. Forward then need not store anything for it. */
  readonly needsBackward: boolean;
  /** Memory for this layer alone, zeroed. Backward can read the values that forward wrote to it. */
  span(name: string, count: number): Span;
  /** Records a step that sums values over all ranks; see `RankSum`. */
  sumOverRanks(
    communicator: Communicator,
    sum: RankSum,
    uses: { reads: readonly Span[]; writes: readonly Span[] },
  ): void;
  /** Records a step in TypeScript. */
  host(label: string, run: HostStep["run"], uses?: { reads?: readonly Span[]; writes?: readonly Span[] }): void;
}

/** The steps recorded so far and the spans made for them. */
export interface Recording {
  readonly recorder: Recorder;
  readonly steps: readonly Step[];
  readonly spans: readonly Span[];
}

/** Starts recording for the layer with this index and name. */
export function record(layer: number, name: string, memory: Memory, needsBackward: boolean): Recording {
  const steps: Step[] = [];
  const spans: Span[] = [];
  const recorder: Recorder = Object.assign(Object.create(callsOf), {
    steps,
    layer,
    needsBackward,
    span(spanName: string, count: number) {
      const span = new Span(`${name}.${spanName}`, count, memory);
      spans.push(span);
      return span;
    },
    sumOverRanks(communicator, sum, uses) {
      steps.push(rankSumStep(communicator, [sum], { layer, ...uses }));
    },
    host(label, run, { reads = [], writes = [] } = {}) {
      steps.push({ kind: "host", label, layer, run, reads, writes });
    },
  } satisfies Omit<Recorder, PlainName> & Recorded);
  return { recorder, steps, spans };
}

interface Recorded {
  readonly steps: Step[];
  readonly layer: number;
}

/** A function for each kernel, made at its first use: there are many recorders, and each calls few kernels. */
const callsOf = {};
for (const kernel of plainNames) {
  Object.defineProperty(callsOf, kernel, {
    get(this: Recorded) {
      const { steps, layer } = this;
      return (args: Kernels[typeof kernel]) => {
        // TypeScript holds this for Moka's own layers; a layer in JavaScript would compute NaN without it.
        const missing = kernels[kernel].required.find((name) => Reflect.get(args, name) === undefined);
        check(missing === undefined, "MOKA_USAGE", `k.${kernel} lacks its argument "${missing}"`);
        steps.push(kernelStep(kernel, args, layer));
      };
    },
  });
}
