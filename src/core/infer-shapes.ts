import { type LayerParameter, LayerParameterSchema, Phase } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { MokaError } from "../util/errors.js";
import { countOf, type Shape } from "../util/shape.js";
import { checkCounts } from "./build-net.js";
import type { Catalog } from "./catalog.js";
import { connect, type Value } from "./graph.js";
import type { Layer, LayerContext } from "./layer.js";

/** What layers are made with here; no parameters are filled, so there are no fillers. */
export interface InferenceContext extends Omit<LayerContext, "fill"> {
  readonly catalog: Catalog;
}

/** What is known of one layer; an unknown shape is undefined. */
export interface LayerShapes {
  readonly bottom: readonly (Shape | undefined)[];
  readonly top: readonly (Shape | undefined)[];
  /** Of its parameters; undefined where they do not follow. */
  readonly params: readonly Shape[] | undefined;
  /** The error that the layer threw: about its message, its bottoms or its files. */
  readonly error: unknown;
}

/** The shapes in one state of a net. */
export interface Inference {
  readonly layers: ReadonlyMap<LayerParameter, LayerShapes>;
  /** The last shape of each blob, by name. */
  readonly blobs: ReadonlyMap<string, Shape>;
  /** Blobs whose shape is assumed, since data are missing, or follows from one that is. */
  readonly assumed: ReadonlySet<string>;
}

/**
 * Infers the shapes of a net's blobs, as far as possible; files are read only, by `Layer.inspect`. If the data of a layer
 * are missing, its `assumedShapes` are taken. Other tops of a layer that cannot be made (an unknown type, missing data, a
 * mistake) have no shape, nor has what depends on them. No error is thrown.
 *
 * @param layers of one state of the net, in their order
 */
export async function inferShapes(layers: readonly LayerParameter[], context: InferenceContext): Promise<Inference> {
  const graph = connect(layers);
  const shapes = new Map<Value, Shape>();
  const assumed = new Set<Value>();
  const all = new Map<LayerParameter, LayerShapes>();
  for (const message of layers) {
    const bottoms = graph.bottoms(message);
    const bottom = bottoms.map((value) => shapes.get(value));
    const { top, params, error, isAssumed } = await inferLayer(message, bottom, context);
    const isGuess = isAssumed || bottoms.some((value) => assumed.has(value));
    for (const [index, value] of graph.tops(message).entries()) {
      const shape = top[index];
      if (!shape || countOf(shape) === 0) continue;
      shapes.set(value, shape);
      if (isGuess) assumed.add(value);
    }
    all.set(message, { bottom, top: graph.tops(message).map((value) => shapes.get(value)), params, error });
  }
  const last = graph.values.filter(({ next }) => !next);
  const blobs = last.flatMap((value) => {
    const shape = shapes.get(value);
    return shape ? [[value.name, shape] as const] : [];
  });
  const names = last.filter((value) => assumed.has(value)).map(({ name }) => name);
  return { layers: all, blobs: new Map(blobs), assumed: new Set(names) };
}

/** Whether an error says that a file is missing or cannot be used. */
export function isMissing(error: unknown): error is MokaError {
  return error instanceof MokaError && (error.code === "MOKA_FILE" || error.code === "MOKA_DATA");
}

async function inferLayer(
  message: LayerParameter,
  bottom: readonly (Shape | undefined)[],
  { catalog, ...context }: InferenceContext,
): Promise<Pick<LayerShapes, "top" | "params" | "error"> & { readonly isAssumed: boolean }> {
  const unknown = { top: [], params: undefined, error: undefined, isAssumed: false };
  if (!catalog.has(message.type)) return unknown;
  const known = bottom.filter((shape) => shape !== undefined);
  const copy = copyMessage(LayerParameterSchema, message);
  copy.phase = Phase[context.phase];
  let layer: Layer | undefined;
  try {
    layer = catalog.create(copy, { ...context, fill: () => {} });
    checkCounts(layer);
    if (known.length < bottom.length) return unknown;
    try {
      await layer.inspect();
    } catch (error) {
      return { ...unknown, top: layer.assumedShapes(), error: layer.explain(error), isAssumed: true };
    }
    layer.setup(known);
    const top = layer.topShapes(known);
    return { ...unknown, top, params: layer.declareParams(known).map(({ shape }) => shape) };
  } catch (error) {
    return { ...unknown, error };
  } finally {
    await layer?.close();
  }
}
