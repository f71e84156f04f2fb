import { createImages } from "#platform";
import { filterLayers } from "../core/filter-net.js";
import { builtLayers, inferShapes } from "../core/infer-shapes.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import { formatGap, weightsGap } from "../core/weights-gap.js";
import { WeightFileStore } from "../data/weight-files.js";
import { isForksNorm } from "../layers/normalization/batch-norm-forks.js";
import { createCatalog } from "../layers/registry.js";
import { openFiles } from "../platform/open-files.js";
import type { BlobProto, LayerParameter } from "../proto/gen/caffe_pb.js";
import { nameOfWeights, type Weights } from "../proto/weight-sources.js";
import { type BatchNormStats, layerStats } from "../tools/batch-norm/layer-stats.js";
import { leftOut, type NormLayer, normLayers } from "../tools/batch-norm/norm-layers.js";
import { check } from "../util/errors.js";
import { silent } from "../util/log.js";
import { checkOptions } from "../util/options.js";
import { Random } from "../util/random.js";
import type { RunOptions } from "./environment.js";
import { type NetSource, nameOf, readNet } from "./read-text.js";

export interface StatsOptions extends StateOptions, Pick<RunOptions, "files" | "signal" | "onProgress" | "log"> {
  /** The phase whose layers are used. Default `TEST`. */
  readonly phase?: "TRAIN" | "TEST" | undefined;
}

export interface NetStats {
  readonly name: string;
  /** The BatchNorm layers, in the order of the net. */
  readonly layers: readonly BatchNormStats[];
  /** Names of the BatchNorm layers that are not in the weights: their statistics are empty. */
  readonly missing: readonly string[];
}

/**
 * The stored statistics of the BatchNorm layers of a trained net, each with the Scale layer after it. `log` gets the layers
 * of any type that the weights leave out, as when a net is loaded.
 *
 * @param model the net, as for `Net.load`. Without it, the layers are what the caffemodel describes (a `.h5` describes none)
 * @param weights files or messages, of which the last that has a layer counts
 * @throws MokaError `MOKA_WEIGHTS` if a BatchNorm does not have BVLC Caffe's three blobs; `MOKA_USAGE` if there is none
 * @example
 * ```ts
 * const { layers } = await stats("net.prototxt", "net.caffemodel");
 * for (const { name, factor, mean, dead } of layers) console.log(name, factor, mean.values, dead.length);
 * ```
 */
export async function stats(
  model: NetSource | undefined,
  weights: Weights,
  options: StatsOptions = {},
): Promise<NetStats> {
  checkOptions("stats", options);
  const { phase = "TEST", log = silent } = options;
  const files = openFiles(options);
  const origin = nameOfWeights(weights);
  const state = stateOf(phase, options);
  const read = await new WeightFileStore(files, log).readAll(weights);
  const trained = new Map(read.layer.map((layer) => [layer.name, layer]));
  let { name } = read;
  let layers: readonly LayerParameter[] = [...trained.values()];
  let rankOf: ((layer: LayerParameter) => number | undefined) | undefined;
  if (model !== undefined) {
    const net = await readNet(model, files, log);
    layers = filterLayers(net, state, silent);
    name = net.name || name;
    const context = { catalog: createCatalog(), files, images: createImages(), log: silent };
    const inference = await inferShapes(layers, { ...context, phase, random: new Random(1) });
    rankOf = (layer) => inference.layers.get(layer)?.top[0]?.length;
    const gap = formatGap(weightsGap(builtLayers(inference).layers, [read]), origin);
    if (gap !== undefined) log(phase === "TEST" ? "warning" : "info", "moka:0", gap);
  }
  const blobsIn = ({ name }: LayerParameter) => trained.get(name)?.blobs.length;
  const norms = normLayers(layers, rankOf).filter(({ message }) => !isForksNorm(message, blobsIn(message)));
  const forks = leftOut(layers, "stats reads the three blobs of BVLC Caffe's BatchNorm", blobsIn);
  check(
    norms.length > 0,
    "MOKA_USAGE",
    `${whyNoLayers(model, origin, trained)}${forks === undefined ? "" : `; ${forks}`}`,
  );
  if (forks !== undefined) log("warning", "moka:0", forks);
  const owners = ownersOf(norms, trained);
  const blobsOf = (layer: LayerParameter | undefined) => (layer && trained.get(layer.name)?.blobs) ?? [];
  const blobs = new Map(norms.map((norm) => [norm, realBlobs(blobsOf(norm.message)) ?? owners.get(norm) ?? []]));
  const missing = norms.filter((norm) => blobs.get(norm)?.length === 0);
  return {
    name,
    layers: norms
      .filter((norm) => !missing.includes(norm))
      .map((norm) => layerStats(norm, blobs.get(norm) ?? [], blobsOf(norm.scale), origin)),
    missing: missing.map((norm) => norm.name),
  };
}

/** A message that says why there are no BatchNorm layers. */
function whyNoLayers(
  model: NetSource | undefined,
  weights: string,
  trained: ReadonlyMap<string, LayerParameter>,
): string {
  if (model !== undefined) return `${nameOf(model)} has no BatchNorm layers`;
  const hasTypes = [...trained.values()].some(({ type }) => type !== "");
  return `${weights} has no BatchNorm layers${hasTypes ? "" : " by type, as it has no types at all: give the net's prototxt too"}`;
}

/** For each layer without blobs that shares parameters by `param { name }`: the blobs of the layer that has them. */
function ownersOf(
  norms: readonly NormLayer[],
  trained: ReadonlyMap<string, LayerParameter>,
): ReadonlyMap<NormLayer, readonly BlobProto[]> {
  const named = new Map<string, readonly BlobProto[]>();
  const owners = new Map<NormLayer, readonly BlobProto[]>();
  for (const norm of norms) {
    const key = norm.message.param.map(({ name }) => name).join(" ");
    if (!norm.message.param[0]?.name) continue;
    const ownBlobs = realBlobs(trained.get(norm.name)?.blobs ?? []);
    const owner = named.get(key);
    if (ownBlobs && !owner) named.set(key, ownBlobs);
    else if (owner) owners.set(norm, owner);
  }
  return owners;
}

/** The blobs; undefined if they are only placeholders for shared ones, as in HDF5 files. */
function realBlobs(blobs: readonly BlobProto[]): readonly BlobProto[] | undefined {
  const isPlaceholder = ({ shape, num }: BlobProto) => shape === undefined && num === 0;
  return blobs.length > 0 && !blobs.every(isPlaceholder) ? blobs : undefined;
}
