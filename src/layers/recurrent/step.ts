import type { OneOrMore } from "../../core/layer.js";
import type { Span } from "../../core/span.js";

/** The blobs a step leaves to the next, h first, (N, D) each. */
export type State = OneOrMore<Span>;

/** What one step works on: a row for each of the N streams. */
export interface Step<S = State> {
  /** Whether each stream goes on, 1, or begins, 0 (N). */
  readonly cont: Span;
  /** What goes into the nonlinearities (N, gates·D). */
  readonly gates: Span;
  /** What the step before left, and what this one leaves. */
  readonly previous: S;
  readonly state: S;
}

export interface BackwardStep<S = State> extends Step<S> {
  readonly dgates: Span;
  readonly dstate: S;
  /** The same spans as `dstate`, except for h, and except in the first step. */
  readonly dprevious: S;
}

/** What forward leaves to backward: the steps, and of all steps together h and cont·(the h before). */
export interface Unrolled {
  readonly steps: readonly Step[];
  readonly h: Span;
  readonly conted: Span;
}

/** The t-th of T parts. */
export function part(span: Span, t: number, T: number): Span {
  const count = span.count / T;
  return span.slice(t * count, count);
}
