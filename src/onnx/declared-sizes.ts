import type { Shape } from "../util/shape.js";
import type { GraphProto } from "./gen/onnx_pb.js";
import type { Dim } from "./model.js";
import { fitSizes } from "./sizes.js";
import { declaredDims } from "./structure.js";

/** Holds the shapes of a run's values against the sizes that a model declares. */
export class DeclaredSizes {
  readonly #dims: ReadonlyMap<string, readonly Dim[]>;
  /** The sizes that names have in this run. */
  readonly #known = new Map<string, number>();

  /** @param graph without one, nothing is declared */
  constructor(graph: GraphProto | undefined) {
    const values = [...(graph?.input ?? []), ...(graph?.valueInfo ?? []), ...(graph?.output ?? [])];
    this.#dims = new Map(
      values.flatMap((value) => {
        const dims = declaredDims(value);
        return dims ? [[value.name, dims] as const] : [];
      }),
    );
  }

  /** Forgets the sizes of the run before. */
  begin(): void {
    this.#known.clear();
  }

  /** What is declared for a value of this shape, where it is not that; a name stands for the size that it had first in this run. */
  conflict(value: string, shape: Shape): string | undefined {
    const dims = this.#dims.get(value);
    if (!dims) return undefined;
    return fitSizes(dims, shape, this.#known) ? undefined : dims.join(" × ") || "()";
  }
}
