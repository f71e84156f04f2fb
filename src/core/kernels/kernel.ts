import { Span } from "../span.js";

/** How a kernel uses a span: reads it, overwrites all of it, or reads and writes. */
export type Access = "in" | "out" | "inout";

/** `rows` runs of `width` values of a span, consecutive runs `stride` apart. */
export interface Extent {
  readonly rows: number;
  readonly width: number;
  readonly stride: number;
}

/**
 * One argument of a kernel. A span is given by its access, which may depend on the kernel's options; `?` marks a span that
 * may be left out, `*` a list of spans, `1` a span of which a single value is used.
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

/** The arguments that a list of kinds stands for. */
export type ArgumentsFrom<T> = { readonly [K in keyof T]: Argument<T[K]> };

type SpanNames<T> = keyof { [K in keyof T as T[K] extends Scalar ? never : K]: true };

/** A span argument of a kernel. */
export interface SpanUse<A> {
  readonly name: string;
  at(args: A): Span | readonly Span[] | undefined;
  readonly access: Access | ((args: A) => Access);
  /** The part of the span that is used. Default: all of it. */
  readonly extent: ((args: A) => Extent) | undefined;
  /** Arguments that this output may lie over, all of them at once. */
  readonly overwrites: readonly SpanUse<A>[];
}

/** What all but engines must know of a kernel: one row of the table in core/kernels.ts. */
export interface Kernel<A> {
  /** In the order in which they are declared. */
  readonly spans: readonly SpanUse<A>[];
  readonly operations: number | ((args: A) => number);
}

/** A kernel of single values: value i of its outputs depends on the values i of its inputs alone. */
export interface Elementwise<A> extends Kernel<A> {
  /** How many values each of its spans has. */
  count(args: A): number;
  /** Its arguments in the order in which they are declared: what `locate` makes of spans, and numbers. */
  operands(args: A, locate: (span: Span, count: number) => number): readonly number[];
}

/** A kernel that does the work of several plain ones at once. Only passes make it, for engines that have it. */
export interface Fused<A> extends Kernel<A> {
  /** The plain kernels it stands for, in their order. `scratch` gives memory that only these calls use. */
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
   * Floating point operations of a call, by the textbook, however an engine does it: a multiplication with an addition is
   * two, a root or an exponential one. A number counts for each value of the largest region. Default 1; copies are free.
   */
  readonly operations?: number | ((args: A) => number);
  /** Parts of spans that are used, where that is not the whole span. */
  readonly extents?: { readonly [K in SpanNames<T>]?: (args: A) => Extent };
  /**
   * Outputs, each with the inputs that it may be written over, all of them at once: the kernel reads each value, and all that
   * belongs to it, before it writes there.
   */
  readonly overwrites?: { readonly [K in SpanNames<T>]?: readonly SpanNames<T>[] };
}

/** Makes kernels that have these arguments beside those that kinds stand for. */
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
    return { spans: names.map(useOf), operations: facts.operations ?? 1 };
  };
}

/** Makes kernels that have only arguments of these kinds. */
export const kernel = kernelOf<object>();

/** Makes kernels of single values. The last span has as many values as there are. */
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

/** Makes fused kernels that have these arguments beside those that kinds stand for. */
export function fusedOf<O>() {
  return <const T extends Readonly<Record<string, Kind<O>>>>(
    kinds: T,
    { lowersTo, ...facts }: Facts<T, ArgumentsFrom<T> & O> & Pick<Fused<ArgumentsFrom<T> & O>, "lowersTo">,
  ): Fused<ArgumentsFrom<T> & O> => ({ ...kernelOf<O>()(kinds, facts), lowersTo });
}
