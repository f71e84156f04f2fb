import type { Shape } from "../../util/shape.js";
import type { Constant } from "../tensor.js";

/** A value that a run computes: the blob of the net that holds it. */
export interface Blob {
  readonly kind: "blob";
  /** The name of the blob. It changes if an output of the graph needs its own name. */
  name: string;
  readonly shape: Shape;
  /** How many layers have written over the blob before this value stood in it. */
  readonly version: number;
  /** The number of nodes and outputs of the graph that read the value. */
  readonly readers: number;
  /** Whether its last reader may write over it: not over an input, nor over memory that another blob shares. */
  readonly mayBeOverwritten: boolean;
}

/** A value that is known without a run. */
export interface Known {
  readonly kind: "constant";
  readonly constant: Constant;
}

export type Value = Blob | Known;

export const known = (constant: Constant): Known => ({ kind: "constant", constant });

/** The numbers of a constant. Integers beyond 2⁵³ lose their last digits. */
export function numbersOf({ type, data }: Constant): readonly number[] {
  return type === "float" ? Array.from(data) : Array.from(data, Number);
}

/** A number as a 64-bit integer, towards 0; 0 where it is not finite. */
export function whole(value: number): bigint {
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}

/** The values of a constant in single precision. */
export function floatsOf({ type, data }: Constant): Float32Array {
  return type === "float" ? data : Float32Array.from(data, Number);
}
