import { createImages } from "#platform";
import type { Catalog, LayerConstructor } from "../core/catalog.js";
import { someLayers } from "../core/filter-net.js";
import { builtLayers, inferShapes, isMissing, type LayerShapes } from "../core/infer-shapes.js";
import { insertSplits } from "../core/insert-splits.js";
import type { Layer, Phase } from "../core/layer.js";
import type { LayerGroup } from "../core/layer-facts.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import type { Span } from "../core/span.js";
import type { Tensor } from "../core/tensor.js";
import { matchTrainedLayers } from "../core/weights.js";
import { WeightFileStore } from "../data/weight-files.js";
import { createCatalog } from "../layers/registry.js";
import { type FilesOptions, openFiles } from "../platform/open-files.js";
import type { LayerParameter, NetParameter } from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { nameOfWeights, type Weights, weightSources } from "../proto/weight-sources.js";
import { MokaError } from "../util/errors.js";
import type { Files } from "../util/files.js";
import { type Log, silent } from "../util/log.js";
import { Random } from "../util/random.js";
import { countOf, formatShape, type Shape } from "../util/shape.js";
import { layerGroup } from "./draw/groups.js";
import { type Peak, peakOf } from "./peak.js";

export interface SummaryOptions extends StateOptions, FilesOptions {
  /** The phase, which selects layers. Default `TEST`. */
  readonly phase?: Phase | undefined;
  /**
   * Shapes of the tops of layers without bottoms, by name. If all tops of a layer are named here, the layer is not made: it
   * needs neither data nor a known type.
   */
  readonly shapes?: Readonly<Record<string, Shape>> | undefined;
  /** Weights to compare with the net: files or messages. */
  readonly weights?: Weights | undefined;
  /** Whether to plan the net's memory, which takes most of the time. Default true; if not, `peaks` is empty. */
  readonly peaks?: boolean | undefined;
  /** Layers of the caller's own, as for `Net.load`. */
  readonly layers?: Readonly<Record<string, LayerConstructor>> | undefined;
  /** Receives warnings. Default: nothing is logged. */
  readonly log?: Log | undefined;
}

export interface BlobSummary {
  readonly name: string;
  /** Absent if it cannot be inferred: the layer that makes the blob, or one above, is `unknown`. */
  readonly shape?: Shape;
}

export interface ParamSummary {
  readonly shape: Shape;
  /** The layer whose parameter this is, if it is another's, shared by `param { name }`. */
  readonly sharedWith?: string;
}

export interface LayerSummary {
  readonly name: string;
  readonly type: string;
  /** What kind of layer it is, by the groups of Caffe's documentation. */
  readonly group: LayerGroup;
  /** Whether a layer of its type may work in place, that is, on its bottom's memory. */
  readonly mayBeInPlace?: true;
  readonly bottoms: readonly BlobSummary[];
  readonly tops: readonly BlobSummary[];
  /** Whether the shapes of its tops are assumed from its message, if that gives them, because its data are missing. */
  readonly assumed?: true;
  /** Whether shapes of its tops or parameters cannot be inferred. Its costs are not counted then. */
  readonly unknown?: true;
  /** The reason why it is `assumed` or `unknown`, if the reason is the layer itself and not its bottoms. */
  readonly error?: string;
  readonly params: readonly ParamSummary[];
  /** The number of values of its parameters, including BatchNorm's statistics. Shared ones count for their owner only. */
  readonly parameters: number;
  /** Multiply-adds of one forward over the whole batch; see `Layer.multiplyAdds`. */
  readonly multiplyAdds: number;
  /** Bytes of the values of its tops; 0 for tops that are its bottom, or a view of it. */
  readonly memory: number;
  /** Whether it is a Split that the net makes itself, for a blob with several readers. */
  readonly inserted: boolean;
  /** Whether the weights have its parameters, if there are weights and it has parameters. */
  readonly hasWeights?: boolean;
}

/**
 * The parts of a net and their costs. `moka summary --json` prints this object as JSON. Sizes in memory are in bytes; a
 * value has 4 bytes.
 */
export interface NetSummary {
  readonly name: string;
  readonly phase: Phase;
  readonly layers: readonly LayerSummary[];
  /** The known shapes of blobs by name, in the order of the layers. */
  readonly blobs: Readonly<Record<string, Shape>>;
  readonly totals: {
    /** Whether some layers are not counted because they are `unknown`: all totals are lower bounds then. */
    readonly partial?: true;
    readonly parameters: number;
    /** Bytes of the parameters. */
    readonly parameterMemory: number;
    readonly multiplyAdds: number;
    /** Bytes of all blobs' values, if each has its own memory. Gradients need the same number of bytes. */
    readonly memory: number;
  };
  readonly peaks: Peaks;
}

/** The memory that runs of the net need at their peak, without a solver's history; see `Peak`. */
export interface Peaks {
  /** The peak in phase TRAIN; absent if the net cannot be built (its data are missing), or no layer learns. */
  readonly training?: Peak;
  /** The peak in phase TEST, forward only; absent in a summary of phase TRAIN. */
  readonly inference?: Peak;
}

/** Bytes of a value. */
const width = 4;

/**
 * Summarizes one state of a net; see `summarize`.
 *
 * @param message the net, upgraded
 */
export async function summarizeNet(message: NetParameter, options: SummaryOptions = {}): Promise<NetSummary> {
  const { phase = "TEST", level, stages, shapes = {}, log = silent, weights } = options;
  const files = openFiles(options);
  const filtered = someLayers(message, stateOf(phase, options), log);
  const catalog = createCatalog(options.layers);
  const context = { catalog, files, images: createImages(), phase, log: silent, random: new Random(1) };
  const given = new Map(Object.entries(shapes));
  const inferred = await inferShapes(insertSplits(filtered, message.layer), { ...context, given });
  const { layers: all, blobs, sharing } = inferred;
  const errors = new Map<LayerParameter, string>();
  for (const [layer, found] of all) {
    const error = errorOf(layer, found, catalog);
    if (error) {
      errors.set(layer, error.reason);
      log("warning", "", error.message);
    }
  }
  for (const error of sharing.values()) throw error;
  const { layers: known, learnables } = builtLayers(inferred);
  const found = weights === undefined ? undefined : await findWeights(weights, known, files, log);
  const owners = new Map(learnables.map(({ tensor, layer }) => [tensor.data, { tensor, layer }]));
  const own = new Set(filtered.map(({ name }) => name));
  const layers = [...all].map(([layer, shapes]): LayerSummary => {
    const error = errors.get(layer);
    const inserted = layer.type === "Split" && !own.has(layer.name);
    return { ...summaryOf(layer, shapes, owners, found), inserted, ...(error !== undefined && { error }) };
  });
  const parameters = sum(layers.map((layer) => layer.parameters));
  // A data layer with one given shape has known shapes of its other tops too.
  const fromData = [...all].filter(([{ bottom, top }]) => bottom.length === 0 && top.some((name) => given.has(name)));
  const tops = fromData.flatMap(([{ top }, found]) => top.map((name, i) => [name, found.top[i]] as const));
  const peakShapes = {
    ...shapes,
    ...Object.fromEntries(tops.flatMap(([name, shape]) => (shape ? [[name, shape]] : []))),
  };
  const peak = async (of: Phase) =>
    options.peaks === false
      ? undefined
      : peakOf(message, { phase: of, level, stages, shapes: peakShapes, catalog, files });
  const training = await peak("TRAIN");
  const inference = phase === "TEST" ? await peak("TEST") : undefined;
  return {
    name: message.name,
    phase,
    layers,
    blobs: Object.fromEntries(blobs),
    totals: {
      ...(layers.some(({ unknown }) => unknown) && { partial: true }),
      parameters,
      parameterMemory: width * parameters,
      multiplyAdds: sum(layers.map((layer) => layer.multiplyAdds)),
      memory: sum(layers.map((layer) => layer.memory)),
    },
    peaks: { ...(training && { training }), ...(inference && { inference }) },
  };
}

/**
 * The error that leaves a layer's shapes unknown, if it is not a mistake of the net: an unknown type, or missing files.
 *
 * @throws the layer's error, if it is a mistake of the net; damaged files are a mistake
 */
function errorOf(message: LayerParameter, found: LayerShapes, catalog: Catalog): MokaError | undefined {
  const { layer, top, error, isAssumed } = found;
  const place = sourceOf(message)?.place;
  if (!layer && error === undefined) {
    const { code, reason } = catalog.unknown(message);
    return new MokaError(code, reason, { place, layer: message });
  }
  if (error === undefined) return undefined;
  if (!isMissing(error) || !isAssumed) throw error;
  const isDamaged = error.code === "MOKA_DATA";
  const tops = message.top.map((name) => `"${name}"`).join(" and ");
  const outcome =
    isDamaged || top.includes(undefined)
      ? `; give the shape of ${tops} (shapes, or --shape) to do without the data`
      : `; its tops are assumed to be ${top.map((shape) => formatShape(shape ?? [])).join(" and ")}`;
  const told = new MokaError(error.code, error.reason + (tops ? outcome : ""), { place, layer: message, cause: error });
  if (isDamaged) throw told;
  return told;
}

/** The parameters that the weights have, and those that share one of them. */
async function findWeights(
  weights: Weights,
  layers: readonly Layer[],
  files: Files,
  log: Log,
): Promise<ReadonlySet<Span>> {
  const found = new Set<Span>();
  const store = new WeightFileStore(files, log);
  for (const source of weightSources(weights)) {
    const trained = await store.read(source);
    for (const { to } of matchTrainedLayers(layers, trained, nameOfWeights(source), log)) found.add(to.data);
  }
  return found;
}

type Owners = ReadonlyMap<Span, { readonly tensor: Tensor; readonly layer: Layer }>;

function summaryOf(
  message: LayerParameter,
  { layer, bottom, top, params: shapes, isAssumed }: LayerShapes,
  owners: Owners,
  found: ReadonlySet<Span> | undefined,
): Omit<LayerSummary, "inserted" | "error"> {
  const blob = (name: string, shape: Shape | undefined): BlobSummary => ({ name, ...(shape && { shape }) });
  const params = layer?.params ?? [];
  const owned = params.filter((param) => owners.get(param.data)?.tensor === param);
  const made = layer?.sharesBottom ? [] : top.filter((_, i) => !message.bottom.includes(message.top[i] ?? ""));
  const known = bottom.filter((shape) => shape !== undefined);
  const isUnknown = top.includes(undefined) || !(shapes || isAssumed);
  return {
    name: message.name,
    type: message.type,
    group: layerGroup(message.type),
    ...(layer?.inPlace && { mayBeInPlace: true }),
    bottoms: message.bottom.map((name, i) => blob(name, bottom[i])),
    tops: top.map((shape, i) => blob(message.top[i] ?? "(automatic)", shape)),
    ...(isAssumed && top.some((shape) => shape) && { assumed: true }),
    ...(isUnknown && { unknown: true }),
    params: params.map((param): ParamSummary => {
      const owner = owners.get(param.data);
      return { shape: param.shape, ...(owner && owner.tensor !== param && { sharedWith: owner.layer.name }) };
    }),
    parameters: sum(owned.map(({ shape }) => countOf(shape))),
    multiplyAdds: layer && shapes ? layer.multiplyAdds(known) : 0,
    memory: width * sum(made.map((shape) => (shape ? countOf(shape) : 0))),
    ...(found && params.length > 0 && { hasWeights: params.some((param) => found.has(param.data)) }),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
