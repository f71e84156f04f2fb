import type { Graph } from "../../core/graph.js";
import type { LayerParameter } from "../../proto/gen/caffe_pb.js";

/**
 * The Scale that learns γ, and β with `bias_term`, for a BatchNorm: the first layer to read its top that has one γ a
 * channel. Other layers may read that too, in any order, and a Split may stand between. A Scale of a later value, behind a
 * ReLU in place say, scales something else.
 */
export function scaleBehind<L>(graph: Graph<L>, norm: L): L | undefined {
  for (const { layer } of graph.readers(norm)) {
    if (isChannelScale(graph.messageOf(layer))) return layer;
    if (graph.messageOf(layer).type !== "Split") continue;
    const behind = graph.tops(layer).flatMap(({ readers }) => readers);
    const scale = behind.find((reader) => isChannelScale(graph.messageOf(reader.layer)));
    if (scale) return scale.layer;
  }
  return undefined;
}

/** Whether a layer multiplies each channel by a number of its own: not by a second bottom, nor along other axes. */
function isChannelScale({ type, bottom, scaleParam }: LayerParameter): boolean {
  return type === "Scale" && bottom.length === 1 && (scaleParam?.axis ?? 1) === 1 && (scaleParam?.numAxes ?? 1) === 1;
}
