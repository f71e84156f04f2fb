import { clearField } from "@bufbuild/protobuf";
import { someLayers } from "../../core/filter-net.js";
import { connect } from "../../core/graph.js";
import { blobValues, makeBlob } from "../../proto/binary/index.js";
import {
  type BlobProto,
  ConvolutionParameterSchema,
  InnerProductParameterSchema,
  type LayerParameter,
  LayerParameterSchema,
  type NetParameter,
  NetParameterSchema,
  type NetState,
} from "../../proto/gen/caffe_pb.js";
import { copyMessage } from "../../proto/source.js";
import { type Log, silent } from "../../util/log.js";
import type { Shape } from "../../util/shape.js";
import type { Bound } from "./fold-linear.js";
import { type FinishedFold, type Settled, settle } from "./settle.js";
import { TrainedParams } from "./trained-params.js";
import { zeroFactor } from "./zero-factor.js";

export type { Bound } from "./fold-linear.js";

/** A layer that the folded net no longer has. */
export interface FoldedLayer {
  readonly layer: string;
  readonly type: string;
  /** The names of the layers that it was folded into. */
  readonly into: readonly string[];
  /** Whether those layers are before or after it. */
  readonly kind: "before" | "behind";
}

/** A layer of a foldable type that stays, because folding it would not be exact. */
export interface KeptLayer {
  readonly layer: string;
  readonly type: string;
  /** Why it cannot be folded exactly. */
  readonly reason: string;
}

/** A layer with new weights, into which others are folded. */
export interface FoldTarget {
  readonly layer: string;
  readonly type: string;
  /** The first and the last of the original layers that it now computes, itself included. */
  readonly first: string;
  readonly last: string;
  /** The number of layers folded into it. */
  readonly layers: number;
  /** The axis of its outputs in its top. */
  readonly axis: number;
  readonly bound: Bound;
}

export interface NetSize {
  /** Number of layers. */
  readonly layers: number;
  /** The number of values of all parameters; a shared one counts once for each layer that has it. */
  readonly parameters: number;
}

export interface FoldedNet {
  /** The net without blobs, as in a prototxt. */
  readonly net: NetParameter;
  /** The same layers with their blobs, as in a caffemodel. */
  readonly weights: NetParameter;
  /** The layers that were folded. */
  readonly folded: readonly FoldedLayer[];
  /** The layers that stay, each with its reason. */
  readonly kept: readonly KeptLayer[];
  /** The layers whose weights changed. */
  readonly targets: readonly FoldTarget[];
  /** The size of the given net. */
  readonly before: NetSize;
  /** The size of the folded net. */
  readonly after: NetSize;
}

export interface FoldInput {
  /** The known shapes of blobs, by name; only negative axes need them. */
  readonly shapes?: ReadonlyMap<string, Shape> | undefined;
  readonly log?: Log | undefined;
}

/**
 * Folds every BatchNorm, Scale and Bias into the Convolution, Deconvolution or InnerProduct before it or, if that is not
 * possible, after it, if the result is exact. It works on messages: nothing runs, and the given messages do not change.
 *
 * The result is the net of this state, to be run in its phase, without include and exclude rules. The layers that stay and
 * the outputs keep their names.
 *
 * @param net the net in the current form (see `upgradeNet`)
 * @param weights the weights in the current form
 * @throws MokaError `MOKA_BLOB` if the layers do not make a net
 */
export function foldNet(net: NetParameter, weights: NetParameter, state: NetState, input: FoldInput = {}): FoldedNet {
  const { shapes = new Map(), log = silent } = input;
  const layers = someLayers(net, state, log);
  const graph = connect(layers);
  graph.check("unknown bottom", "made twice", "shared in place");
  const params = new TrainedParams(layers, weights);
  const { folds, kept } = settle({ graph, params, phase: state.phase, shapes });
  const gone = new Set([...folds.values()].flatMap(({ before, after }) => [...before, ...after]));
  const text: LayerParameter[] = [];
  const trained: LayerParameter[] = [];
  for (const layer of layers) {
    if (gone.has(layer)) {
      const warning = zeroFactor(layer, params);
      if (warning) log("warning", "", warning);
      continue;
    }
    const fold = folds.get(layer);
    const message = fold ? rewritten(fold) : copied(layer);
    const blobs = fold ? blobsOf(fold) : params.of(layer).flatMap((blob) => blob ?? []);
    text.push(message);
    const withBlobs = copyMessage(LayerParameterSchema, message);
    withBlobs.blobs = [...blobs];
    // A layer that the weights do not have is left out, so that its fillers fill it. An entry without blobs could not be
    // loaded.
    if (blobs.length > 0 || weights.layer.some(({ name }) => name === layer.name)) trained.push(withBlobs);
  }
  const all = layers.map((layer) => params.of(layer).flatMap((blob) => blob ?? []));
  return {
    net: netOf(net, text),
    weights: netOf(net, trained),
    folded: layers.flatMap((layer) => (gone.has(layer) ? foldedLayer(layer, folds) : [])),
    kept: layers.flatMap((layer) => {
      const reason = kept.get(layer);
      return reason === undefined ? [] : [{ layer: layer.name, type: layer.type, reason }];
    }),
    targets: layers.flatMap((layer) => {
      const fold = folds.get(layer);
      return fold ? targetOf(fold) : [];
    }),
    before: { layers: layers.length, parameters: parametersOf(all) },
    after: { layers: text.length, parameters: parametersOf(trained.map(({ blobs }) => blobs)) },
  };
}

/** The layer's message without rules and blobs. */
function copied(layer: LayerParameter): LayerParameter {
  const message = copyMessage(LayerParameterSchema, layer);
  message.include = [];
  message.exclude = [];
  message.blobs = [];
  return message;
}

/** The message of a target: its bottoms are those of the first layer it computes, its tops those of the last. */
function rewritten({ target, before, after, bias }: FinishedFold): LayerParameter {
  const message = copied(target);
  message.bottom = [...(before[0] ?? target).bottom];
  message.top = [...(after.at(-1) ?? target).top];
  if (!bias) return message;
  if (message.convolutionParam?.biasTerm === false) {
    message.convolutionParam = copyMessage(ConvolutionParameterSchema, message.convolutionParam);
    clearField(message.convolutionParam, ConvolutionParameterSchema.field.biasTerm);
  }
  if (message.innerProductParam?.biasTerm === false) {
    message.innerProductParam = copyMessage(InnerProductParameterSchema, message.innerProductParam);
    clearField(message.innerProductParam, InnerProductParameterSchema.field.biasTerm);
  }
  return message;
}

function blobsOf({ linear, weights, bias }: FinishedFold): BlobProto[] {
  const blob = makeBlob(linear.shape, { data: weights });
  return bias ? [blob, makeBlob([linear.outputs], { data: bias })] : [blob];
}

function netOf(net: NetParameter, layers: LayerParameter[]): NetParameter {
  const message = copyMessage(NetParameterSchema, net);
  message.layer = layers;
  return message;
}

function foldedLayer(layer: LayerParameter, folds: Settled["folds"]): FoldedLayer {
  const behind = [...folds.values()].filter((fold) => fold.before.includes(layer));
  const before = [...folds.values()].filter((fold) => fold.after.includes(layer));
  const into = [...before, ...behind].map(({ target }) => target.name);
  return { layer: layer.name, type: layer.type, into, kind: before.length > 0 ? "before" : "behind" };
}

function targetOf({ target, before, after, linear, bound }: FinishedFold): FoldTarget {
  return {
    layer: target.name,
    type: target.type,
    first: (before[0] ?? target).name,
    last: (after.at(-1) ?? target).name,
    layers: before.length + after.length,
    axis: linear.axis,
    bound,
  };
}

function parametersOf(blobs: readonly (readonly BlobProto[])[]): number {
  return blobs.flat().reduce((sum, blob) => sum + blobValues(blob).data.length, 0);
}
