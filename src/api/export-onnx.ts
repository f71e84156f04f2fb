import { someLayers } from "../core/filter-net.js";
import { connect } from "../core/graph.js";
import { isDataLayer } from "../core/layer-roles.js";
import { Net } from "../core/net.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import { formatGap, weightsGap } from "../core/weights-gap.js";
import { WeightFileStore } from "../data/weight-files.js";
import { type ExportedNet, type ExportSettings, exportNet } from "../onnx/export/export-net.js";
import { type NamedVersion, nameVersions } from "../onnx/export/name-versions.js";
import { openFiles } from "../platform/open-files.js";
import { type LayerParameter, type NetParameter, NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { nameOfWeights, type Weights } from "../proto/weight-sources.js";
import { foldNet } from "../tools/fold/index.js";
import { check, MokaError } from "../util/errors.js";
import { silent } from "../util/log.js";
import type { Shape } from "../util/shape.js";
import { createEngine, netContext, type RunOptions } from "./environment.js";
import { type NetSource, readNet } from "./read-text.js";
import { Runnable } from "./runnable.js";

export interface ExportNetOptions extends RunOptions, StateOptions, Omit<ExportSettings, "batch"> {
  /**
   * The batch size: a number fixes it, `dynamic` leaves it to each run. Default: left to each run, if every layer can be written so, else
   * the net's, with the reason in the certificate.
   */
  readonly batch?: number | "dynamic" | undefined;
  /** Shapes of inputs, and of the tops of data layers: with them no data are needed. */
  readonly shapes?: Readonly<Record<string, Shape>> | undefined;
  /**
   * What becomes of BatchNorm, Scale and Bias layers: `fold` makes them a part of the weights beside them, where that is exact; `keep`
   * writes them as `BatchNormalization`. Default `fold`.
   */
  readonly batchNorm?: "fold" | "keep" | undefined;
  /** The layer before which the exported net ends: its bottoms become outputs, and it and all that follows from it are left out. */
  readonly cut?: string | undefined;
}

/** A net that was exported, beside the one that it was made from. */
export interface ExportPair {
  /** The Caffe net as it is, but for names (see `named`); phase TEST. It owns its engine: dispose of it. */
  readonly original: Net;
  readonly exported: ExportedNet;
  /** The blobs that have other names in ONNX, because layers work in place on them. */
  readonly named: readonly NamedVersion[];
  /** The layers that were folded into others. */
  readonly folded: readonly string[];
}

/**
 * Builds a net in phase TEST, and writes it as ONNX.
 *
 * @param model the net, as for `Net.load`
 * @param weights files or messages
 * @throws MokaError as `Net.load` does; see `exportNet` for what ONNX cannot say
 */
export async function exportPair(
  model: NetSource,
  weights: Weights | undefined,
  options: ExportNetOptions = {},
): Promise<ExportPair> {
  const { log = silent, batch, batchNorm = "fold", shapes = {}, cut } = options;
  const isSize = typeof batch === "number" && Number.isInteger(batch) && batch > 0;
  check(
    batch === undefined || batch === "dynamic" || isSize,
    "MOKA_USAGE",
    `batch must be a size or "dynamic", not ${batch}`,
  );
  check(
    batchNorm === "fold" || batchNorm === "keep",
    "MOKA_USAGE",
    `batchNorm must be "fold" or "keep", not "${batchNorm}"`,
  );
  const files = openFiles(options);
  const message = await readNet(model, files, log);
  const state = stateOf("TEST", options);
  const { layers, outputs } = cutAt(someLayers(message, state, silent), cut);
  const given = new Map(Object.entries(shapes));
  let runnable = await Runnable.prepare(layers, given, options);
  if (isSize) runnable = await Runnable.prepare(layers, batched(runnable, layers, given, batch), options);
  const { layers: own, named } = nameVersions(runnable.layers(layers));
  const reason = runnable.whyNot(own);
  check(reason === undefined, "MOKA_UNSUPPORTED", `the net cannot be exported: ${reason}`);
  const trained = weights === undefined ? undefined : await new WeightFileStore(files, log).readAll(weights);
  const engine = await createEngine(options);
  const nets: Net[] = [];
  try {
    const context = { ...netContext(engine, { ...options, log: silent }, 1), passes: [], backward: false };
    const counts = trained && new Map(trained.layer.map(({ name, blobs }) => [name, blobs.length]));
    const build = async (layer: readonly LayerParameter[]) => {
      const net = netOf(message, layer);
      const blobsOf = (name: string) => counts?.get(name);
      const built = await Net.build(net, state, {
        ...context,
        ...(counts && { blobsOf }),
        ownsEngine: nets.length === 0,
      });
      nets.push(built);
      return built;
    };
    const original = await build(own);
    if (trained) {
      const origin = weights === undefined ? "" : nameOfWeights(weights);
      original.copyTrainedLayers(trained, origin);
      const gap = formatGap(weightsGap(original.layers, [trained]), origin);
      if (gap !== undefined) log("warning", "moka:0", gap);
    }
    const wanted = [...outputs, ...(options.outputs ?? [])];
    const settings = {
      ...options,
      outputs: wanted,
      batch: isSize ? ("fixed" as const) : (batch as "dynamic" | undefined),
    };
    if (batchNorm === "keep") return { original, exported: exportNet(original, settings), named, folded: [] };
    const fold = foldNet(netOf(message, own), original.toMessage(), state, { shapes: runnable.shapes, log: silent });
    const foldedNet = await build(fold.net.layer);
    foldedNet.copyTrainedLayers(fold.weights);
    const exported = exportNet(foldedNet, settings);
    await foldedNet.dispose();
    return { original, exported, named, folded: fold.folded.map(({ layer }) => layer) };
  } catch (error) {
    for (const net of nets.reverse()) await net.dispose();
    if (nets.length === 0) await engine.dispose();
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

/** The shapes of the inputs with another batch size: of those whose first axis has the size that the first input's has. */
function batched(
  { shapes }: Runnable,
  layers: readonly LayerParameter[],
  given: ReadonlyMap<string, Shape>,
  batch: number,
): ReadonlyMap<string, Shape> {
  const inputs = layers.filter(isDataLayer).flatMap(({ top }) => top.map((name) => [name, shapes.get(name)] as const));
  const size = inputs[0]?.[1]?.[0];
  const changed = inputs.flatMap(([name, shape]) => {
    const isBatch = shape !== undefined && shape.length > 0 && shape[0] === size && !given.has(name);
    return isBatch ? [[name, [batch, ...shape.slice(1)]] as const] : [];
  });
  return new Map([...given, ...changed]);
}

function netOf(net: NetParameter, layer: readonly LayerParameter[]): NetParameter {
  const message = copyMessage(NetParameterSchema, net);
  message.layer = [...layer];
  return message;
}
