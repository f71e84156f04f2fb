import { type ElementwiseName, elementwiseKernels, elementwiseNames } from "../../core/kernels.js";
import { type Bind, call } from "./call.js";

type SingleValues = { readonly [K in ElementwiseName]: Bind<K> };

/**
 * Kernels of single values call the export of their name: addresses of their spans, and then their numbers, as their rows
 * list them. A piece is a value of the last span.
 */
export const singleValues = Object.fromEntries(elementwiseNames.map((name) => [name, bind(name)])) as SingleValues;

function bind<K extends ElementwiseName>(name: K): Bind<K> {
  const { operands, numbers } = elementwiseKernels[name];
  return (args, at) => {
    const spans = operands(args);
    const count = spans.at(-1)?.count ?? 0;
    return call(name, count, [...spans.map((span) => at(span, count)), ...numbers(args)]);
  };
}
