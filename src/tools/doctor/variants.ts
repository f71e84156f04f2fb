import { create } from "@bufbuild/protobuf";
import type { Graph } from "../../core/graph.js";
import { batchNormParam } from "../../layers/normalization/batch-norm-param.js";
import {
  BatchNormParameterSchema,
  type LayerParameter,
  LayerParameterSchema,
  type NetParameter,
  NetParameterSchema,
  ParamSpecSchema,
  PoolingParameterSchema,
  PoolingParameter_PoolMethod as PoolMethod,
} from "../../proto/gen/caffe_pb.js";
import { copyMessage } from "../../proto/source.js";

/** What layers are, by the facts of their types. */
export interface Kinds {
  isActivation(layer: LayerParameter): boolean;
  /** Whether it is a normalization, or scales or shifts what one makes. */
  isAffine(layer: LayerParameter): boolean;
  /** Whether its tops are a linear or affine function of its bottoms, as of a convolution, a sum, a normalization. */
  isLinear(layer: LayerParameter): boolean;
}

/** The net with its layers changed one by one; a layer may become none or several. */
export function withLayers(
  message: NetParameter,
  change: (layer: LayerParameter) => LayerParameter | readonly LayerParameter[],
): NetParameter {
  const copy = copyMessage(NetParameterSchema, message);
  copy.layer = message.layer.flatMap(change);
  return copy;
}

/** The net in which each BatchNorm has blobs of its own, even where it shares them by `param { name }`. */
export function unshared(message: NetParameter): NetParameter {
  return withLayers(message, (layer) => {
    if (layer.type !== "BatchNorm" || layer.param.every(({ name }) => name === "")) return layer;
    const copy = copyMessage(LayerParameterSchema, layer);
    copy.param = layer.param.map(({ lrMult, decayMult }) => create(ParamSpecSchema, { lrMult, decayMult }));
    return copy;
  });
}

/** The net with this `eps` in the BatchNorm layers of these names. */
export function withEps(message: NetParameter, names: ReadonlySet<string>, eps: number): NetParameter {
  return withLayers(message, (layer) => {
    if (layer.type !== "BatchNorm" || !names.has(layer.name)) return layer;
    const copy = copyMessage(LayerParameterSchema, layer);
    copy.batchNormParam = copyMessage(BatchNormParameterSchema, batchNormParam(layer));
    copy.batchNormParam.eps = eps;
    return copy;
  });
}

/** The net with `added` behind the layer `anchor`, in place on its first top, in the same states of the net. */
export function withBehind(message: NetParameter, anchor: string, added: LayerParameter): NetParameter {
  return withLayers(message, (layer) => {
    const [top] = layer.top;
    if (layer.name !== anchor || top === undefined) return layer;
    const copy = copyMessage(LayerParameterSchema, added);
    copy.bottom = [top];
    copy.top = [top];
    copy.include = [...layer.include];
    copy.exclude = [...layer.exclude];
    return [layer, copy];
  });
}

/** A change of a net that could have made what its averages were made from. */
export interface Change {
  /** What the net would have that this one has not, as `a ReLU behind "s2"`. */
  readonly text: string;
  /** Where the change comes from: the record of the trained net in the weights, or a guess. */
  readonly origin: "weights" | "guess";
  readonly kind: "structure" | "eps" | "reading";
  /** The names of the layers that it changes, or stands behind. */
  readonly layers: readonly string[];
  apply(message: NetParameter): NetParameter;
}

export function titled({ text }: Change): string {
  return `the net with ${text}`;
}

/**
 * Changes that are often the difference between a net as it was trained and as it was written down again: an activation
 * left out or put in, the other way to pool. A ReLU is guessed behind linear layers that neither an activation nor a
 * normalization follows.
 *
 * @param segment the layers among which something may differ, in their order
 */
export function guessedChanges(
  graph: Graph,
  segment: readonly LayerParameter[],
  { isActivation, isAffine, isLinear }: Kinds,
): Change[] {
  return segment.flatMap((layer): Change[] => {
    const { name, type } = layer;
    const guess = { origin: "guess", kind: "structure", layers: [name] } as const;
    if (isActivation(layer)) {
      const apply = (message: NetParameter) =>
        withLayers(message, (each) => (each.name === name ? passingOn(each) : each));
      return [{ ...guess, text: `no ${type} "${name}"`, apply }];
    }
    if (type === "Pooling") {
      const param = layer.poolingParam ?? create(PoolingParameterSchema);
      if (param.pool === PoolMethod.STOCHASTIC) return [];
      const pool = param.pool === PoolMethod.MAX ? PoolMethod.AVE : PoolMethod.MAX;
      const text = `${PoolMethod[pool]} pooling in "${name}" instead of ${PoolMethod[param.pool]}`;
      return [{ ...guess, text, apply: (message) => withLayers(message, (each) => pooled(each, name, pool)) }];
    }
    const readers = graph.readers(layer).map((reader) => graph.messageOf(reader.layer));
    const isOpen = readers.length > 0 && !readers.some((each) => isActivation(each) || isAffine(each));
    if (!isLinear(layer) || !isOpen) return [];
    const relu = create(LayerParameterSchema, { name: `ReLU behind ${name}`, type: "ReLU" });
    const apply = (message: NetParameter) => withBehind(message, name, relu);
    return [{ ...guess, text: `a ReLU behind "${name}"`, apply }];
  });
}

/** A layer that does nothing, with the bottoms and tops of another. */
function passingOn({ name, bottom, top, include, exclude }: LayerParameter): LayerParameter {
  return create(LayerParameterSchema, { name, type: "Power", bottom, top, include, exclude });
}

function pooled(layer: LayerParameter, name: string, pool: PoolMethod): LayerParameter {
  if (layer.name !== name) return layer;
  const copy = copyMessage(LayerParameterSchema, layer);
  copy.poolingParam = copyMessage(PoolingParameterSchema, layer.poolingParam ?? create(PoolingParameterSchema));
  copy.poolingParam.pool = pool;
  return copy;
}

/** The layers in front of a BatchNorm, back to the BatchNorm layers before it and with these, in the order of the net. */
export function segmentBefore(graph: Graph, norm: LayerParameter): LayerParameter[] {
  const found = new Set<LayerParameter>();
  const visit = (layer: LayerParameter) => {
    for (const end of graph.makers(layer)) {
      if (!end || found.has(end.layer)) continue;
      found.add(end.layer);
      if (end.layer.type !== "BatchNorm") visit(end.layer);
    }
  };
  visit(norm);
  return graph.layers.filter((layer) => found.has(layer));
}

/** The layers that what reaches a layer comes through. */
export function upstream(graph: Graph, layer: LayerParameter): Set<LayerParameter> {
  const found = new Set<LayerParameter>();
  const open = [layer];
  for (let each = open.pop(); each; each = open.pop()) {
    for (const end of graph.makers(each)) {
      if (!end || found.has(end.layer)) continue;
      found.add(end.layer);
      open.push(end.layer);
    }
  }
  return found;
}
