import { batchInputs } from "../core/batch-inputs.js";
import { someLayers } from "../core/filter-net.js";
import { connect } from "../core/graph.js";
import { isDataLayer } from "../core/layer-roles.js";
import { Net } from "../core/net.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import { formatGap, weightsGap } from "../core/weights-gap.js";
import { WeightFileStore } from "../data/weight-files.js";
import { type NamedVersion, nameVersions } from "../onnx/export/name-versions.js";
import { openFiles } from "../platform/open-files.js";
import { type LayerParameter, type NetParameter, NetParameterSchema, type NetState } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { nameOfWeights, type Weights } from "../proto/weight-sources.js";
import { check, MokaError } from "../util/errors.js";
import { silent } from "../util/log.js";
import type { Shape } from "../util/shape.js";
import { createEngine, netContext, type RunOptions } from "./environment.js";
import { type NetSource, readNet } from "./read-text.js";
import { Runnable } from "./runnable.js";

export interface OriginalOptions extends RunOptions, StateOptions {
  /**
   * The batch size: a number fixes it, `dynamic` leaves it to each run. Default: left to each run, if every layer can be written so, else
   * the net's, with the reason in the certificate.
   */
  readonly batch?: number | "dynamic" | undefined;
  /** Shapes of inputs, and of the tops of data layers: with them no data are needed. */
  readonly shapes?: Readonly<Record<string, Shape>> | undefined;
  /** The layer before which the exported net ends: its bottoms become outputs, and it and all that follows from it are left out. */
  readonly cut?: string | undefined;
}

/** A Caffe net as it is compared with an ONNX model: phase TEST, data layers as inputs, no step of it fused. */
export interface OriginalNet {
  /** It owns its engine: dispose of it. */
  readonly net: Net;
  readonly state: NetState;
  /** The net's message, with layers in the form that runs here. */
  readonly message: NetParameter;
  /** The blobs that have other names than in Caffe, because layers work in place on them. */
  readonly named: readonly NamedVersion[];
  /** The blobs that become outputs because the net is cut before their reader. */
  readonly outputs: readonly string[];
  /** The shapes of blobs by name, as far as they can be inferred. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** Builds another net on the same engine; dispose of it before the original. */
  build(layers: readonly LayerParameter[]): Promise<Net>;
}

/**
 * Builds a net with its weights, to be compared.
 *
 * @param keepNames whether a blob that layers change in place has one name for all its versions, as in Caffe; else each version has its own
 *   (see `nameVersions`). Default false
 * @throws MokaError as `Net.load` does; `MOKA_UNSUPPORTED` for a net that cannot run here
 */
export async function buildOriginal(
  model: NetSource,
  weights: Weights | undefined,
  options: OriginalOptions & { readonly keepNames?: boolean } = {},
): Promise<OriginalNet> {
  const { log = silent, batch, shapes = {}, cut, keepNames = false } = options;
  const isSize = typeof batch === "number" && Number.isInteger(batch) && batch > 0;
  check(
    batch === undefined || batch === "dynamic" || isSize,
    "MOKA_USAGE",
    `batch must be a size or "dynamic", not ${batch}`,
  );
  const files = openFiles(options);
  const whole = await readNet(model, files, log);
  const state = stateOf("TEST", options);
  const { layers, outputs } = cutAt(someLayers(whole, state, silent), cut);
  const given = new Map(Object.entries(shapes));
  let runnable = await Runnable.prepare(layers, given, options);
  if (isSize) runnable = await Runnable.prepare(layers, batched(runnable, layers, given, batch), options);
  const able = runnable.layers(layers);
  const { layers: own, named } = keepNames ? { layers: able, named: [] } : nameVersions(able);
  const reason = runnable.whyNot(own);
  check(reason === undefined, "MOKA_UNSUPPORTED", `the net cannot be exported: ${reason}`);
  const trained = weights === undefined ? undefined : await new WeightFileStore(files, log).readAll(weights);
  const engine = await createEngine(options);
  // Without passes: fused steps would leave blobs out that are compared.
  const context = { ...netContext(engine, { ...options, log: silent }, 1), passes: [], backward: false };
  const counts = trained && new Map(trained.layer.map(({ name, blobs }) => [name, blobs.length]));
  const build = (layer: readonly LayerParameter[], ownsEngine: boolean) => {
    const blobsOf = (name: string) => counts?.get(name);
    return Net.build(netOf(whole, layer), state, { ...context, ...(counts && { blobsOf }), ownsEngine });
  };
  let net: Net | undefined;
  try {
    net = await build(own, true);
    if (trained) {
      const origin = weights === undefined ? "" : nameOfWeights(weights);
      net.copyTrainedLayers(trained, origin);
      const gap = formatGap(weightsGap(net.layers, [trained]), origin);
      if (gap !== undefined) log("warning", "moka:0", gap);
    }
    const message = netOf(whole, own);
    return { net, state, message, named, outputs, shapes: runnable.shapes, build: (layer) => build(layer, false) };
  } catch (error) {
    await (net ?? engine).dispose();
    throw error;
  }
}

/** The layers up to this one; its bottoms, which become outputs. */
function cutAt(
  layers: readonly LayerParameter[],
  name: string | undefined,
): { layers: readonly LayerParameter[]; outputs: readonly string[] } {
  if (name === undefined) return { layers, outputs: [] };
  const graph = connect(layers);
  const first = layers.find((layer) => layer.name === name);
  if (!first) throw new MokaError("MOKA_LAYER", `the net has no layer "${name}" in phase TEST`);
  const gone = new Set([first]);
  for (const layer of layers) {
    if (graph.makers(layer).some((maker) => maker && gone.has(maker.layer))) gone.add(layer);
  }
  return { layers: layers.filter((layer) => !gone.has(layer)), outputs: [...first.bottom] };
}

/** The shapes of the inputs with another batch size, where none is given. */
function batched(
  { shapes }: Runnable,
  layers: readonly LayerParameter[],
  given: ReadonlyMap<string, Shape>,
  batch: number,
): ReadonlyMap<string, Shape> {
  const inputs = layers.filter(isDataLayer).flatMap(({ top }) => top.map((name) => [name, shapes.get(name)] as const));
  const changed = batchInputs(inputs)
    .filter((name) => !given.has(name))
    .map((name) => [name, [batch, ...(shapes.get(name) ?? []).slice(1)]] as const);
  return new Map([...given, ...changed]);
}

function netOf(net: NetParameter, layer: readonly LayerParameter[]): NetParameter {
  const message = copyMessage(NetParameterSchema, net);
  message.layer = [...layer];
  return message;
}
