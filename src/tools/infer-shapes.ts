import type { Catalog } from "../core/catalog.js";
import type { Layer, LayerContext } from "../core/layer.js";
import { type LayerParameter, LayerParameterSchema, Phase } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { countOf, type Shape } from "../util/shape.js";

/** What layers are made with here; nothing is filled, so it takes no fillers. */
export interface InferenceContext extends Omit<LayerContext, "fill"> {
  readonly catalog: Catalog;
}

/**
 * The shapes of a net's blobs as far as they follow from what is there, by name. A layer that cannot be made (an
 * unknown type, a database that is not here, a mistake) leaves its tops out, and with them what hangs on them; no
 * error is thrown.
 *
 * @param layers of one state of the net, in their order
 */
export async function inferShapes(
  layers: readonly LayerParameter[],
  context: InferenceContext,
): Promise<Map<string, Shape>> {
  const shapes = new Map<string, Shape>();
  for (const message of layers) {
    const bottom = message.bottom.map((name) => shapes.get(name));
    const known = bottom.filter((shape) => shape !== undefined);
    const tops = known.length === bottom.length ? await topShapesOf(message, known, context) : [];
    message.top.forEach((name, index) => {
      const shape = tops[index];
      if (shape && countOf(shape) > 0) shapes.set(name, shape);
      else shapes.delete(name);
    });
  }
  return shapes;
}

async function topShapesOf(
  message: LayerParameter,
  bottom: readonly Shape[],
  { catalog, ...context }: InferenceContext,
): Promise<readonly Shape[]> {
  if (!catalog.has(message.type)) return [];
  const copy = copyMessage(LayerParameterSchema, message);
  copy.phase = Phase[context.phase];
  let layer: Layer | undefined;
  try {
    layer = catalog.create(copy, { ...context, fill: () => {} });
    await layer.open();
    layer.setup(bottom);
    return layer.topShapes(bottom);
  } catch {
    return [];
  } finally {
    await layer?.close();
  }
}
