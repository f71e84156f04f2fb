import type { KernelStep } from "../../core/program.js";
import { Span } from "../../core/span.js";

/** A call of a kernel's definition, `run`, with the arrays of the step's spans. */
export function bind({ args: given }: KernelStep, run: (args: never) => void): () => void {
  const resolve = (value: unknown): unknown => {
    if (value instanceof Span) return value.array;
    if (Array.isArray(value) && value[0] instanceof Span) return value.map(resolve);
    return value;
  };
  const entries = Object.entries(given).map(([name, value]) => [name, resolve(value)]);
  const args = Object.fromEntries(entries) as never;
  return () => run(args);
}
