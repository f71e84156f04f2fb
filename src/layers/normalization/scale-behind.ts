import type { Graph } from "../../core/graph.js";
import type { LayerParameter } from "../../proto/gen/caffe_pb.js";

/**
 * The Scale that learns γ, and β with `bias_term`, for a BatchNorm: the first Scale with one γ for each channel that reads
 * its top. Other layers may read the top too, in any order, and a Split may be between. A Scale that reads a later value
 * of the same blob, for example after a ReLU in place, is not the BatchNorm's.
 *
 * @param rank the number of axes of the BatchNorm's top; without it, a Scale whose `axis` is counted from the end is none
 */
export function scaleBehind<L>(graph: Graph<L>, norm: L, rank?: number): L | undefined {
  for (const { layer } of graph.readers(norm)) {
    if (isChannelScale(graph.messageOf(layer), rank)) return layer;
    if (graph.messageOf(layer).type !== "Split") continue;
    const behind = graph.tops(layer).flatMap(({ readers }) => readers);
    const scale = behind.find((reader) => isChannelScale(graph.messageOf(reader.layer), rank));
    if (scale) return scale.layer;
  }
  return undefined;
}

/** Whether a Scale learns one multiplier for each channel: it has no second bottom, and spans no other axes. */
function isChannelScale({ type, bottom, scaleParam }: LayerParameter, rank: number | undefined): boolean {
  const { axis = 1, numAxes = 1 } = scaleParam ?? {};
  const isByChannel = axis === 1 || (rank !== undefined && axis + rank === 1);
  return type === "Scale" && bottom.length === 1 && isByChannel && numAxes === 1;
}
