import { create } from "@bufbuild/protobuf";
import { createFiles } from "#platform";
import { filterLayers } from "../core/filter-net.js";
import { WeightFileStore } from "../data/weight-files.js";
import { type BlobProto, type LayerParameter, NetStateSchema, Phase } from "../proto/gen/caffe_pb.js";
import { type BatchNormStats, layerStats } from "../tools/batch-norm/layer-stats.js";
import { type NormLayer, normLayers } from "../tools/batch-norm/norm-layers.js";
import { check } from "../util/errors.js";
import type { Files } from "../util/files.js";
import { type Log, silent } from "../util/log.js";
import { netFrom, readText } from "./read-text.js";

export interface StatsOptions {
  /** Which of the net's layers are there. Default `TEST`. */
  readonly phase?: "TRAIN" | "TEST" | undefined;
  /** Of the net's state, for include and exclude rules. Default 0 and none. */
  readonly level?: number | undefined;
  readonly stages?: readonly string[] | undefined;
  readonly log?: Log | undefined;
  readonly files?: Files | undefined;
}

export interface NetStats {
  readonly name: string;
  /** The BatchNorm layers, in the order of the net. */
  readonly layers: readonly BatchNormStats[];
  /** Names of those that the weights have nothing for: they start empty. */
  readonly missing: readonly string[];
}

/**
 * What the BatchNorm layers of a trained net have stored, each with the Scale behind it.
 *
 * @param model the net's prototxt: its path, or, if it has a newline, its text. Without it the layers are taken as the
 *   caffemodel describes them itself (a `.h5` does not)
 * @param weights a caffemodel's path, or several separated by commas, of which the last that has a layer counts
 * @throws MokaError `MOKA_WEIGHTS` if a BatchNorm has other than BVLC Caffe's three blobs; `MOKA_USAGE` if there is none
 */
export async function stats(model: string | undefined, weights: string, options: StatsOptions = {}): Promise<NetStats> {
  const { phase = "TEST", level = 0, stages = [], log = silent, files = createFiles() } = options;
  check(phase === "TRAIN" || phase === "TEST", "MOKA_USAGE", `phase must be "TRAIN" or "TEST", not "${phase}"`);
  const read = await new WeightFileStore(files, log).readAll(weights);
  const trained = new Map(read.layer.map((layer) => [layer.name, layer]));
  let { name } = read;
  let layers: readonly LayerParameter[] = [...trained.values()];
  if (model !== undefined) {
    const net = netFrom(await readText(model, files), log);
    const state = create(NetStateSchema, { phase: Phase[phase], level, stage: [...stages] });
    layers = filterLayers(net, state, silent);
    name = net.name || name;
  }
  const norms = normLayers(layers);
  check(norms.length > 0, "MOKA_USAGE", nothing(model, weights, trained));
  const owners = ownersOf(norms, trained);
  const blobsOf = (layer: LayerParameter | undefined) => (layer && trained.get(layer.name)?.blobs) ?? [];
  const blobs = new Map(norms.map((norm) => [norm, filled(blobsOf(norm.message)) ?? owners.get(norm) ?? []]));
  const missing = norms.filter((norm) => blobs.get(norm)?.length === 0);
  return {
    name,
    layers: norms
      .filter((norm) => !missing.includes(norm))
      .map((norm) => layerStats(norm, blobs.get(norm) ?? [], blobsOf(norm.scale), weights)),
    missing: missing.map((norm) => norm.name),
  };
}

/** Why there is nothing to show. */
function nothing(model: string | undefined, weights: string, trained: ReadonlyMap<string, LayerParameter>): string {
  if (model !== undefined) return `${model.includes("\n") ? "the net" : model} has no BatchNorm layers`;
  const hasTypes = [...trained.values()].some(({ type }) => type !== "");
  return `${weights} has no BatchNorm layers${hasTypes ? "" : " by type, as it has no types at all: give the net's prototxt too"}`;
}

/** The blobs of the layer whose `param { name }` another shares, for those that have none themselves. */
function ownersOf(
  norms: readonly NormLayer[],
  trained: ReadonlyMap<string, LayerParameter>,
): ReadonlyMap<NormLayer, readonly BlobProto[]> {
  const named = new Map<string, readonly BlobProto[]>();
  const owners = new Map<NormLayer, readonly BlobProto[]>();
  for (const norm of norms) {
    const key = norm.message.param.map(({ name }) => name).join(" ");
    if (!norm.message.param[0]?.name) continue;
    const own = filled(trained.get(norm.name)?.blobs ?? []);
    const owner = named.get(key);
    if (own && !owner) named.set(key, own);
    else if (owner) owners.set(norm, owner);
  }
  return owners;
}

/** Blobs, unless they are but placeholders for shared ones, as HDF5 files have them. */
function filled(blobs: readonly BlobProto[]): readonly BlobProto[] | undefined {
  const isPlaceholder = ({ shape, num }: BlobProto) => shape === undefined && num === 0;
  return blobs.length > 0 && !blobs.every(isPlaceholder) ? blobs : undefined;
}
