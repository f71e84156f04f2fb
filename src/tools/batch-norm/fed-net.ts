import { filterLayers } from "../../core/filter-net.js";
import { connect } from "../../core/graph.js";
import { inputLayer } from "../../core/input-layers.js";
import { isDataLayer } from "../../core/layer-roles.js";
import { Net, type NetContext } from "../../core/net.js";
import { isForksNorm } from "../../layers/normalization/batch-norm-forks.js";
import { batchNormParam } from "../../layers/normalization/batch-norm-param.js";
import {
  BatchNormParameterSchema,
  type LayerParameter,
  LayerParameterSchema,
  type NetParameter,
  NetParameterSchema,
  type NetState,
} from "../../proto/gen/caffe_pb.js";
import { copyMessage, sourceOf } from "../../proto/source.js";
import { MokaError } from "../../util/errors.js";
import { silent } from "../../util/log.js";
import { type Shape, sameShape } from "../../util/shape.js";
import type { Batch } from "./batches.js";

/**
 * Builds a net with Input layers instead of its data layers, for `feed`. Its BatchNorm layers normalize by the batch or by
 * their averages, whatever the prototxt says; all else is as in `state`.
 *
 * @param shapes the shapes of the blobs that `feed` gives
 * @throws MokaError `MOKA_USAGE` if a layer reads a data layer's top that is not among them
 */
export async function buildFedNet(
  message: NetParameter,
  state: NetState,
  shapes: ReadonlyMap<string, Shape>,
  statistics: "batch" | "global",
  context: NetContext,
): Promise<Net> {
  const layers = filterLayers(message, state, silent);
  const isFed = (layer: LayerParameter) =>
    isDataLayer(layer) && (layer.type === "Input" || layer.top.some((top) => shapes.has(top)));
  const kept = layers.filter((layer) => !isFed(layer));
  const read = new Set(connect(kept).inputs.map(({ name }) => name));
  for (const layer of layers.filter(isFed)) {
    const missing = layer.top.filter((top) => read.has(top) && !shapes.has(top));
    if (missing.length > 0) {
      const names = missing.map((name) => `"${name}"`).join(" and ");
      throw new MokaError(
        "MOKA_USAGE",
        `the net needs ${names} too, and the data given have only ${[...shapes.keys()].join(", ")}`,
        { layer, place: sourceOf(layer)?.place },
      );
    }
  }
  const inputs = [...shapes].filter(([name]) => read.has(name));
  const copy = copyMessage(NetParameterSchema, message);
  copy.layer = [
    ...(inputs.length > 0 ? [inputLayer("data fed in", inputs)] : []),
    ...kept.map((layer) => withStatistics(layer, statistics)),
  ];
  copy.debugInfo = false;
  copy.forceBackward = false;
  return Net.build(copy, state, { ...context, ownsEngine: false, backward: false, keep: "outputs" });
}

function withStatistics(layer: LayerParameter, statistics: "batch" | "global"): LayerParameter {
  if (layer.type !== "BatchNorm" || isForksNorm(layer)) return layer;
  const copy = copyMessage(LayerParameterSchema, layer);
  copy.batchNormParam = copyMessage(BatchNormParameterSchema, batchNormParam(layer));
  copy.batchNormParam.useGlobalStats = statistics === "global";
  return copy;
}

/** Reshapes the net's inputs to the batch and copies its values into them. */
export function feed(net: Net, batch: Batch): void {
  const shapes = Object.fromEntries(
    net.inputs.flatMap((name) => {
      const [now, next] = [net.blobs.get(name)?.shape, batch.get(name)?.shape];
      return now && next && !sameShape(now, next) ? [[name, next] as const] : [];
    }),
  );
  if (Object.keys(shapes).length > 0) net.reshape(shapes);
  for (const name of net.inputs) {
    const values = batch.get(name);
    if (values) net.blobs.get(name)?.data.set(values.data);
  }
}
