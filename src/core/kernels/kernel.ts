import { Span } from "../span.js";

/** How a kernel uses a span: it reads it, overwrites all of it, or reads and writes it. */
export type Access = "in" | "out" | "inout";

/** `rows` runs of `width` values of a span. Consecutive runs start `stride` values apart. */
export interface Extent {
  readonly rows: number;
  readonly width: number;
  readonly stride: number;
}

/**
 * The kind of one argument of a kernel. A span is declared by its access, which may depend on the kernel's options; `?`
 * marks an optional span, `*` a list of spans, `1` a span of which only one value is used.
 */
type Kind<O> = Access | `${Access}?` | "in*" | Single | ((options: O) => Access) | Scalar;

type Single = "in1" | "inout1";
type Scalar = "number" | "boolean";

type Argument<T> = T extends "number"
  ? number
  : T extends "boolean"
    ? boolean
    : T extends "in*"
      ? readonly Span[]
      : T extends `${Access}?`
        ? Span | undefined
        : Span;

const isSingle = (kind: unknown) => kind === "in1" || kind === "inout1";
const isScalar = (kind: unknown) => kind === "number" || kind === "boolean";

/** The types of the arguments with these kinds. */
export type ArgumentsFrom<T> = { readonly [K in keyof T]: Argument<T[K]> };

type SpanNames<T> = keyof { [K in keyof T as T[K] extends Scalar ? never : K]: true };

/** A span argument of a kernel. */
export interface SpanUse<A> {
  readonly name: string;
  at(args: A): Span | readonly Span[] | undefined;
  readonly access: Access | ((args: A) => Access);
  /** The part of the span that is used. Default: all of it. */
  readonly extent: ((args: A) => Extent) | undefined;
  /** Inputs whose memory this output may be written over, all of them at once. */
  readonly overwrites: readonly SpanUse<A>[];
}

/** The facts about a kernel that do not depend on the engine: one row of the table in core/kernels.ts. */
export interface Kernel<A> {
  /** The span arguments in the order in which they are declared. */
  readonly spans: readonly SpanUse<A>[];
  /** The names of the declared arguments that every call must have. */
  readonly required: readonly string[];
  readonly operations: number | ((args: A) => number);
}

/** An elementwise kernel: value i of its outputs depends only on the values i of its inputs. */
export interface Elementwise<A> extends Kernel<A> {
  /** The number of values in each of its spans. */
  count(args: A): number;
  /** Its arguments in the order in which they are declared: numbers, and for each span the result of `locate`. */
  operands(args: A, locate: (span: Span, count: number) => number): readonly number[];
}

/** A kernel that does the work of several plain ones at once. Only passes make it, for engines that have it. */
export interface Fused<A> extends Kernel<A> {
  /** The calls of plain kernels that do the same, in order. `scratch` gives memory that only these calls use. */
  lowersTo(args: A, scratch: Scratch): readonly Call[];
}

export type Scratch = (count: number) => Span;

/** A kernel with arguments. */
export interface Call {
  readonly kernel: Kernel<never>;
  readonly args: object;
}

export function call<A extends object>(kernel: Kernel<A>, args: A): Call {
  return { kernel, args };
}

interface Facts<T, A> {
  /**
   * Floating point operations of a call by its definition, whatever the engine does. A multiplication with an addition
   * counts 2, a root or an exponential 1. A plain number is per value of the largest region. Default 1; copies count 0.
   */
  readonly operations?: number | ((args: A) => number);
  /** The parts of spans that are used, for spans that are not used as a whole. */
  readonly extents?: { readonly [K in SpanNames<T>]?: (args: A) => Extent };
  /**
   * Outputs, each with the inputs that it may be written over, all of them at once. The kernel reads each value, and all
   * values that are combined with it, before it writes there.
   */
  readonly overwrites?: { readonly [K in SpanNames<T>]?: readonly SpanNames<T>[] };
}

/** Makes kernels with the arguments A, and those that are declared by their kinds. */
export function kernelOf<O>() {
  return <const T extends Readonly<Record<string, Kind<O>>>>(
    kinds: T,
    facts: Facts<T, ArgumentsFrom<T> & O> = {},
  ): Kernel<ArgumentsFrom<T> & O> => {
    type A = ArgumentsFrom<T> & O;
    const names = Object.keys(kinds).filter((name): name is SpanNames<T> & string => !isScalar(kinds[name]));
    const useOf = (name: SpanNames<T> & string): SpanUse<A> => {
      const kind = kinds[name] as Exclude<Kind<O>, Scalar>;
      return {
        name,
        at: (args) => args[name] as Span | readonly Span[] | undefined,
        access: typeof kind === "string" ? (kind.replace(/[?*1]$/, "") as Access) : kind,
        extent: isSingle(kind) ? () => ({ rows: 1, width: 1, stride: 1 }) : facts.extents?.[name],
        overwrites: (facts.overwrites?.[name] ?? []).map((input) => useOf(input as SpanNames<T> & string)),
      };
    };
    const required = Object.keys(kinds).filter((name) => !String(kinds[name]).endsWith("?"));
    return { spans: names.map(useOf), required, operations: facts.operations ?? 1 };
  };
}

/** Makes a kernel whose arguments are all declared by their kinds. */
export const kernel = kernelOf<object>();

/** Makes elementwise kernels. The size of the last span is the number of values. */
export function elementwise<const T extends Readonly<Record<string, Access | Single | Scalar>>>(
  kinds: T,
  facts: Facts<T, ArgumentsFrom<T>> = {},
): Elementwise<ArgumentsFrom<T>> {
  const row = kernel(kinds, facts);
  const names = Object.keys(kinds);
  const last = names.findLast((name) => !isScalar(kinds[name]) && !isSingle(kinds[name])) ?? "";
  const count = (args: ArgumentsFrom<T>) => (args[last] as Span).count;
  return {
    ...row,
    count,
    operands: (args, locate) =>
      names.map((name) => {
        const value = args[name];
        return value instanceof Span ? locate(value, isSingle(kinds[name]) ? 1 : count(args)) : Number(value);
      }),
  };
}

/** Makes fused kernels with the arguments A, and those that are declared by their kinds. */
export function fusedOf<O>() {
  return <const T extends Readonly<Record<string, Kind<O>>>>(
    kinds: T,
    { lowersTo, ...facts }: Facts<T, ArgumentsFrom<T> & O> & Pick<Fused<ArgumentsFrom<T> & O>, "lowersTo">,
  ): Fused<ArgumentsFrom<T> & O> => ({ ...kernelOf<O>()(kinds, facts), lowersTo });
}
