import type { FillerParameter, LayerParameter } from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { MokaError } from "../util/errors.js";
import type { Random } from "../util/random.js";
import type { Shape } from "../util/shape.js";
import type { Layer, LayerContext } from "./layer.js";

/** A layer type that nets can be made of. */
export interface LayerClass {
  /** The exact `type` of the prototxt. */
  readonly type: string;
  new (message: LayerParameter, context: LayerContext): Layer;
}

/** Writes a filler's values into a blob of this shape. */
export type Fill = (filler: FillerParameter, shape: Shape, values: Float32Array, random: Random) => void;

/** What nets are made from: the layer types, and the fillers of their parameters. */
export class Catalog {
  readonly #classes: ReadonlyMap<string, LayerClass>;
  readonly fill: Fill;

  constructor(classes: readonly LayerClass[], fill: Fill) {
    this.#classes = new Map(classes.map((layerClass) => [layerClass.type, layerClass]));
    this.fill = fill;
  }

  get types(): readonly string[] {
    return [...this.#classes.keys()];
  }

  has(type: string): boolean {
    return this.#classes.has(type);
  }

  create(message: LayerParameter, context: LayerContext): Layer {
    const layerClass = this.#classes.get(message.type);
    if (!layerClass) {
      throw new MokaError(
        "MOKA_LAYER",
        message.type ? `unknown layer type${suggestion(message.type, this.types)}` : "the layer has no type",
        { place: sourceOf(message)?.place, layer: message },
      );
    }
    return new layerClass(message, context);
  }
}

/** `; did you mean "BatchNorm"?` for a name that differs from a known one in case or a letter or two. */
function suggestion(name: string, known: readonly string[]): string {
  const close = known.find((other) => distance(other.toLowerCase(), name.toLowerCase()) <= 2);
  return close ? `; did you mean "${close}"?` : "";
}

/** Edit distance of two short strings. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
