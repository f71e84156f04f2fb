import { type Kernels, type PlainName, plainNames } from "./kernels.js";
import { type HostStep, kernelStep, type Step } from "./program.js";
import { type Memory, Span } from "./span.js";

/** Fused kernels are for passes to make. */
type KernelCalls = { readonly [K in PlainName]: (args: Kernels[K]) => void };

/**
 * What a layer's `forward` and `backward` speak to: `k.relu({ x, y, negativeSlope })` reads like a call, and
 * becomes a step of a program.
 */
export interface Recorder extends KernelCalls {
  /** False where no gradient will ever be asked for: nothing need be kept for `backward` then. */
  readonly needsBackward: boolean;
  /** Memory of the layer's own, zeroed; what forward leaves there, backward finds. */
  span(name: string, count: number): Span;
  /** A step in TypeScript. */
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

/** A method for each kernel, made once for all recorders. */
const callsOf = Object.fromEntries(
  plainNames.map((kernel) => [
    kernel,
    function (this: Recorded, args: Kernels[typeof kernel]) {
      this.steps.push(kernelStep(kernel, args, this.layer));
    },
  ]),
);
