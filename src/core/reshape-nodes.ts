import { formatShape, type Shape, sameShape } from "../util/shape.js";
import type { Node } from "./backward-plan.js";
import type { Layer } from "./layer.js";

/**
 * Gives the tops of these nodes, in their order, the shapes that follow from their bottoms.
 *
 * @throws MokaError about a layer that cannot take them, or whose parameters would have to change shape
 */
export function reshapeNodes(nodes: readonly Node[]): void {
  for (const { layer, bottom, top } of nodes) {
    if (layer.isInput) continue;
    const shapes = bottom.map(({ shape }) => shape);
    try {
      checkParams(layer, shapes);
      layer.topShapes(shapes).forEach((shape, i) => void top[i]?.reshape(shape));
    } catch (error) {
      throw layer.explain(error);
    }
  }
}

/** Throws if a layer whose bottoms have these shapes would need parameters of other shapes. */
export function checkParams(layer: Layer, bottom: readonly Shape[]): void {
  layer.declareParams(bottom).forEach(({ shape }, index) => {
    const has = layer.params[index]?.shape ?? [];
    layer.check(
      sameShape(shape, has),
      "MOKA_SHAPE",
      `its bottom ${bottom.map(formatShape).join(", ")} needs parameter ${index} of shape ` +
        `${formatShape(shape)}, but it has ${formatShape(has)}`,
    );
  });
}
