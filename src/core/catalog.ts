import type { FillerParameter, LayerParameter } from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { didYouMean } from "../util/closest.js";
import { MokaError } from "../util/errors.js";
import type { Random } from "../util/random.js";
import type { Shape } from "../util/shape.js";
import type { Layer, LayerContext } from "./layer.js";
import type { Coordinates, LayerGroup } from "./layer-facts.js";

/** Makes a layer from its message. */
export type LayerConstructor = new (message: LayerParameter, context: LayerContext) => Layer;

/** The class of a layer type. */
export interface LayerClass extends LayerConstructor {
  /** The exact `type` of the prototxt. */
  readonly type: string;
  /** This field and the next ones are documented in `LayerFacts`. */
  readonly group: LayerGroup;
  readonly paramField: string | undefined;
  readonly coordinates: Coordinates | undefined;
  readonly fork?: string | undefined;
  readonly forkFields: readonly string[];
  /** For a type that means different layers in different forks: all its classes, and the choice among them. */
  readonly variants?: LayerVariants | undefined;
}

/** The layers that one type name means. */
export interface LayerVariants {
  readonly classes: readonly LayerConstructor[];
  choose(message: LayerParameter, context: LayerContext): LayerConstructor;
}

/**
 * Checks a filler for a blob of this shape, and returns the function that writes its values. The function writes all values at
 * once, or returns an iterable that writes a piece at each step. The caller must go to the end of the iterable before anything
 * else draws random numbers.
 *
 * @throws MokaError at the filler's place in its file
 */
export type Fill = (
  filler: FillerParameter,
  shape: Shape,
) => (values: Float32Array, random: Random) => Iterable<void> | void;

/** The layer types, and the filler of their parameters. */
export class Catalog {
  readonly #classes: ReadonlyMap<string, LayerConstructor>;
  readonly #builtIn: ReadonlySet<unknown>;
  readonly fill: Fill;
  readonly #forkOf: (type: string) => string | undefined;

  /**
   * @param own the user's layers by type; they replace those in `classes`. The class for a layer of type `Python` is given
   *   as `module/layer` or `module.layer`
   * @param forkOf the fork of Caffe that has a type which is not here, in the genitive: `SSD's`; undefined if none is known
   */
  constructor(
    classes: readonly LayerClass[],
    fill: Fill,
    own: Readonly<Record<string, LayerConstructor>> = {},
    forkOf: (type: string) => string | undefined = () => undefined,
  ) {
    const named = classes.map((layerClass): [string, LayerConstructor] => [layerClass.type, layerClass]);
    this.#builtIn = new Set(classes.flatMap((each) => [each, ...(each.variants?.classes ?? [])]));
    this.#classes = new Map([...named, ...Object.entries(own)]);
    this.fill = fill;
    this.#forkOf = forkOf;
  }

  get types(): readonly string[] {
    return [...this.#classes.keys()];
  }

  has(message: LayerParameter): boolean {
    return this.#classOf(message) !== undefined;
  }

  /** Whether the type of a layer means different layers in different forks. */
  hasVariants(message: LayerParameter): boolean {
    return (this.#classOf(message) as Partial<LayerClass> | undefined)?.variants !== undefined;
  }

  /** Whether this layer's class is Moka's own, and not the user's. */
  isBuiltIn(layer: Layer): boolean {
    return this.#builtIn.has(layer.constructor);
  }

  /** A layer that is asked for the facts of its class; undefined for an unknown type, or if the class throws. */
  tryCreate(message: LayerParameter, context: LayerContext): Layer | undefined {
    try {
      return this.has(message) ? this.create(message, context) : undefined;
    } catch {
      return undefined;
    }
  }

  create(message: LayerParameter, context: LayerContext): Layer {
    const layerClass = this.#classOf(message);
    if (!layerClass) throw this.unknown(message);
    const { variants } = layerClass as Partial<LayerClass>;
    return new (variants?.choose(message, context) ?? layerClass)(message, context);
  }

  /** The error for a layer without a class. */
  unknown(message: LayerParameter): MokaError {
    const context = { place: sourceOf(message)?.place, layer: message };
    if (message.type === "Python") {
      const { module = "", layer = "" } = message.pythonParam ?? {};
      const reason =
        `python_param names the class "${layer}" of the Python module "${module}", which Moka never runs; write it as a ` +
        `layer in TypeScript and register that: Net.load(path, { layers: { "${module}/${layer}": YourLayer } })`;
      return new MokaError("MOKA_UNSUPPORTED", reason, context);
    }
    if (!message.type) return new MokaError("MOKA_LAYER", "the layer has no type", context);
    const fork = this.#forkOf(message.type);
    const hint = fork
      ? `; it is ${fork}: give a class of your own, Net.load(path, { layers: { "${message.type}": YourLayer } }), or take it out of the net`
      : didYouMean(message.type, this.types);
    return new MokaError("MOKA_LAYER", `unknown layer type${hint}`, context);
  }

  #classOf(message: LayerParameter): LayerConstructor | undefined {
    const key = keysOf(message).find((each) => this.#classes.has(each));
    return key === undefined ? undefined : this.#classes.get(key);
  }
}

/** The names under which a layer's class may be registered, the most specific first. */
function keysOf({ type, pythonParam }: LayerParameter): readonly string[] {
  if (type !== "Python" || !pythonParam) return [type];
  const { module, layer } = pythonParam;
  return [`${module}/${layer}`, `${module}.${layer}`, type];
}
