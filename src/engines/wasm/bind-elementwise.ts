import { type ElementwiseName, elementwiseKernels, elementwiseNames } from "../../core/kernels.js";
import { type Bind, call } from "./call.js";

type Bindings = { readonly [K in ElementwiseName]: Bind<K> };

/**
 * Kernels of single values call the export of their name with addresses of their spans and with their numbers, as their rows
 * list them. A piece is a value.
 */
export const elementwiseBindings = Object.fromEntries(elementwiseNames.map((name) => [name, bind(name)])) as Bindings;

function bind<K extends ElementwiseName>(name: K): Bind<K> {
  const { count, operands } = elementwiseKernels[name];
  return (args, at) => call(name, count(args), operands(args, at));
}
