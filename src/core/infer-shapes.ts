import { type LayerParameter, LayerParameterSchema, Phase } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { MokaError } from "../util/errors.js";
import { countOf, type Shape } from "../util/shape.js";
import { checkCounts } from "./build-net.js";
import type { Catalog } from "./catalog.js";
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
 * @param inputs shapes of blobs that no layer makes
 */
export async function inferShapes(
  layers: readonly LayerParameter[],
  context: InferenceContext,
  inputs: ReadonlyMap<string, Shape> = new Map(),
): Promise<Inference> {
  const blobs = new Map(inputs);
  const assumed = new Set<string>();
  const all = new Map<LayerParameter, LayerShapes>();
  for (const message of layers) {
    const bottom = message.bottom.map((name) => blobs.get(name));
    const { top, params, error, isAssumed } = await inferLayer(message, bottom, context);
    const isGuess = isAssumed || message.bottom.some((name) => assumed.has(name));
    const tops = message.top.map((name, index) => {
      const shape = top[index];
      assumed.delete(name);
      if (shape && countOf(shape) > 0) blobs.set(name, shape);
      else blobs.delete(name);
      if (isGuess && blobs.has(name)) assumed.add(name);
      return blobs.get(name);
    });
    all.set(message, { bottom, top: tops, params, error });
  }
  return { layers: all, blobs, assumed };
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
