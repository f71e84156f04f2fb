import { type ElementwiseName, elementwiseKernels, elementwiseNames } from "../../core/kernels.js";
import { type Bind, call } from "./call.js";

type Bindings = { readonly [K in ElementwiseName]: Bind<K> };

/**
 * Elementwise kernels call the export of their name with the addresses of their spans and their numbers, in the order of
 * their rows. A piece is a value.
 */
export const elementwiseBindings = Object.fromEntries(elementwiseNames.map((name) => [name, bind(name)])) as Bindings;

function bind<K extends ElementwiseName>(name: K): Bind<K> {
  const { count, operands } = elementwiseKernels[name];
  return (args, at) => call(name, count(args), operands(args, at));
}
