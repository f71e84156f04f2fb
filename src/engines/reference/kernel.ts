import type { KernelName, Kernels, PlainName } from "../../core/kernels.js";
import type { FloatArray, Span } from "../../core/span.js";

/** A kernel's arguments with arrays instead of spans. */
export type Resolved<A> = {
  readonly [K in keyof A]: A[K] extends Span
    ? FloatArray
    : A[K] extends Span | undefined
      ? FloatArray | undefined
      : A[K] extends readonly Span[]
        ? readonly FloatArray[]
        : A[K];
};

export type Arguments<K extends KernelName> = Resolved<Kernels[K]>;

/** The readable definition of each plain kernel; sums are kept in double precision. */
export type Implementations = { readonly [K in PlainName]: (args: Arguments<K>) => void };
