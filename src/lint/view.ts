import { Graph } from "../core/graph.js";
import type { Inference, LayerShapes } from "../core/infer-shapes.js";
import type { MokaError } from "../util/errors.js";
import type { Shape } from "../util/shape.js";
import type { LintLayer } from "./layer.js";

/** The graph of a net in one state, with the shapes that are known. */
export class View extends Graph<LintLayer> {
  readonly phase: "TRAIN" | "TEST";
  /** The stages of the state, often none. */
  readonly stages: readonly string[];
  readonly #inference: Inference;

  constructor(phase: "TRAIN" | "TEST", stages: readonly string[], layers: readonly LintLayer[], inference: Inference) {
    super(layers, ({ message }) => message);
    this.phase = phase;
    this.stages = stages;
    this.#inference = inference;
  }

  /** The shapes of a layer's bottoms; undefined for unknown ones. */
  bottomShapes(layer: LintLayer): readonly (Shape | undefined)[] {
    return this.#shapes(layer)?.bottom ?? [];
  }

  topShapes(layer: LintLayer): readonly (Shape | undefined)[] {
    return this.#shapes(layer)?.top ?? [];
  }

  /** The shapes of a layer's parameters; undefined if they cannot be inferred. */
  paramShapes(layer: LintLayer): readonly Shape[] | undefined {
    return this.#shapes(layer)?.params;
  }

  /** The error that the layer threw because of its message or its bottoms, mostly a `MokaError`. */
  error(layer: LintLayer): unknown {
    return this.#shapes(layer)?.error;
  }

  /** The error of a layer whose parameters do not fit those of the same `param { name }` above. */
  sharingError({ message }: LintLayer): MokaError | undefined {
    return this.#inference.params.errors.get(message);
  }

  #shapes({ message }: LintLayer): LayerShapes | undefined {
    return this.#inference.layers.get(message);
  }
}
