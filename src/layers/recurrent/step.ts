import type { OneOrMore } from "../../core/layer.js";
import type { Span } from "../../core/span.js";

/** The state that a step gives to the next: blobs of (N, D) each, h first. */
export type State = OneOrMore<Span>;

/** The spans of one step: one row for each of the N streams. */
export interface Step<S = State> {
  /** For each of the N streams, 1 if its sequence continues, 0 if one begins. */
  readonly cont: Span;
  /** The inputs of the nonlinearities (N, gates·D). */
  readonly gates: Span;
  /** The states before and after this step. */
  readonly previous: S;
  readonly state: S;
}

export interface BackwardStep<S = State> extends Step<S> {
  readonly dgates: Span;
  readonly dstate: S;
  /** The same spans as `dstate`, except for h, and except in the first step. */
  readonly dprevious: S;
}

/** Results of forward for backward: the steps, and, for all steps together, h and cont·(the previous h). */
export interface Unrolled {
  readonly steps: readonly Step[];
  readonly h: Span;
  readonly conted: Span;
}

/** Part t of T equal parts of a span. */
export function part(span: Span, t: number, T: number): Span {
  const count = span.count / T;
  return span.slice(t * count, count);
}
