import type { Inference } from "../core/infer-shapes.js";
import type { Shape } from "../util/shape.js";
import type { LintLayer } from "./layer.js";

/** One of the ends of a blob: the index-th bottom or top of a layer. */
export interface End {
  readonly layer: LintLayer;
  readonly index: number;
}

/**
 * A net as it is in one state: which layers are there, who reads what whom made, and the shapes. A blob that is written
 * again, in place or not, is another blob from there on.
 */
export class View {
  readonly phase: "TRAIN" | "TEST";
  /** The stages of the state, often none. */
  readonly stages: readonly string[];
  /** In the order in which they run. */
  readonly layers: readonly LintLayer[];
  readonly #inference: Inference;
  readonly #makers = new Map<LintLayer, readonly (End | undefined)[]>();
  readonly #readers = new Map<LintLayer, End[][]>();

  constructor(phase: "TRAIN" | "TEST", stages: readonly string[], layers: readonly LintLayer[], inference: Inference) {
    this.phase = phase;
    this.stages = stages;
    this.layers = layers;
    this.#inference = inference;
    const last = new Map<string, End>();
    for (const layer of layers) {
      const { bottom, top } = layer.message;
      const makers = bottom.map((name) => last.get(name));
      this.#makers.set(layer, makers);
      this.#readers.set(
        layer,
        top.map(() => []),
      );
      makers.forEach((maker, index) => {
        if (maker) this.#readers.get(maker.layer)?.[maker.index]?.push({ layer, index });
      });
      for (const [index, name] of top.entries()) last.set(name, { layer, index });
    }
  }

  has(layer: LintLayer): boolean {
    return this.#makers.has(layer);
  }

  /** Whose top each bottom of a layer is; nothing for what no layer makes. */
  makers(layer: LintLayer): readonly (End | undefined)[] {
    return this.#makers.get(layer) ?? [];
  }

  /** The layer that makes the index-th bottom. */
  maker(layer: LintLayer, index = 0): LintLayer | undefined {
    return this.makers(layer)[index]?.layer;
  }

  /** The bottoms that a top is, in the order in which they run; a layer that works on it in place is one of them. */
  readers(layer: LintLayer, top = 0): readonly End[] {
    return this.#readers.get(layer)?.[top] ?? [];
  }

  /** Whether layer works in place: its top is its bottom. */
  isInPlace(layer: LintLayer, top = 0): boolean {
    const name = layer.message.top[top];
    return name !== undefined && layer.message.bottom.includes(name);
  }

  /** Shapes as far as they are known. */
  bottomShapes(layer: LintLayer): readonly (Shape | undefined)[] {
    return this.#inference.layers.get(layer.message)?.bottom ?? [];
  }

  topShapes(layer: LintLayer): readonly (Shape | undefined)[] {
    return this.#inference.layers.get(layer.message)?.top ?? [];
  }

  /** The shapes of a layer's parameters; nothing where they do not follow. */
  paramShapes(layer: LintLayer): readonly Shape[] | undefined {
    return this.#inference.layers.get(layer.message)?.params;
  }

  /** What the layer itself has against its message or its bottoms; a `MokaError`, mostly. */
  error(layer: LintLayer): unknown {
    return this.#inference.layers.get(layer.message)?.error;
  }
}
