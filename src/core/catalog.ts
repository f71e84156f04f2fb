import type { FillerParameter, LayerParameter } from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { closest } from "../util/closest.js";
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

/** `; did you mean "BatchNorm"?` for a name that differs from a known one in case or by a slip. */
function suggestion(name: string, known: readonly string[]): string {
  const same = known.find((other) => other.toLowerCase() === name.toLowerCase());
  const close = same ?? closest(name, known);
  return close === undefined ? "" : `; did you mean "${close}"?`;
}
