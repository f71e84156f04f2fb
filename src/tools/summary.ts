import { create } from "@bufbuild/protobuf";
import { createFiles, createImages } from "#platform";
import { checkCounts, topsOf } from "../core/build-net.js";
import { Catalog, type LayerConstructor } from "../core/catalog.js";
import { filterLayers } from "../core/filter-net.js";
import { isMissing } from "../core/infer-shapes.js";
import { givenShapes } from "../core/input-layers.js";
import { insertSplits } from "../core/insert-splits.js";
import type { Layer, Phase } from "../core/layer.js";
import { ParamTable } from "../core/params.js";
import type { Memory, Span } from "../core/span.js";
import { Tensor } from "../core/tensor.js";
import { matchTrainedLayers } from "../core/weights.js";
import { WeightFileStore } from "../data/weight-files.js";
import { layers as allLayers } from "../layers/registry.js";
import { type LayerParameter, type NetParameter, NetStateSchema, Phase as PhaseEnum } from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { upgradeNet } from "../proto/upgrade/net.js";
import type { MokaError } from "../util/errors.js";
import type { Files } from "../util/files.js";
import { type Log, silent } from "../util/log.js";
import { Random } from "../util/random.js";
import { checkShape, countOf, formatShape, type Shape } from "../util/shape.js";
import { weightPaths } from "../util/weight-paths.js";
import { type Peak, peakOf } from "./peak.js";

export interface SummaryOptions {
  /** Which of the net's layers are there. Default `TEST`. */
  readonly phase?: Phase | undefined;
  /** Of the net's state, for include and exclude rules. Default 0 and none. */
  readonly level?: number | undefined;
  readonly stages?: readonly string[] | undefined;
  /**
   * Shapes of blobs that layers without bottoms bring, by name. A layer whose tops are all named here is not asked,
   * so a data layer needs no data.
   */
  readonly shapes?: Readonly<Record<string, Shape>> | undefined;
  /** Weights that are to fit: a path, or several separated by commas. */
  readonly weights?: string | undefined;
  /** Layers of the caller's own, as for `Net.load`. */
  readonly layers?: Readonly<Record<string, LayerConstructor>> | undefined;
  readonly log?: Log | undefined;
  readonly files?: Files | undefined;
}

export interface BlobSummary {
  readonly name: string;
  readonly shape: Shape;
}

export interface ParamSummary {
  readonly shape: Shape;
  /** The layer whose parameter this is, if it is another's, shared by `param { name }`. */
  readonly sharedWith?: string;
}

export interface LayerSummary {
  readonly name: string;
  readonly type: string;
  readonly bottoms: readonly BlobSummary[];
  readonly tops: readonly BlobSummary[];
  /** Whether the shapes of its tops are assumed from its message, since its data are missing. */
  readonly assumed?: true;
  readonly params: readonly ParamSummary[];
  /** How many values its parameters have, BatchNorm's statistics too; shared ones count where they are owned. */
  readonly parameters: number;
  /** Of one forward over the whole batch; see `Layer.multiplyAdds`. */
  readonly multiplyAdds: number;
  /** Bytes of the values of its tops; none for tops that are its bottom, or a view of it. */
  readonly memory: number;
  /** Whether it is a Split that the net makes itself, for a blob with several readers. */
  readonly inserted: boolean;
  /** Whether the weights have its parameters, if there are weights and it has parameters. */
  readonly hasWeights?: boolean;
}

/** What a net is made of, and what it costs. */
export interface NetSummary {
  readonly name: string;
  readonly phase: Phase;
  readonly layers: readonly LayerSummary[];
  /** Every blob's shape by name, in the order of the layers. */
  readonly blobs: Readonly<Record<string, Shape>>;
  readonly totals: {
    readonly parameters: number;
    /** Bytes of the parameters. */
    readonly parameterMemory: number;
    readonly multiplyAdds: number;
    /** Bytes of all blobs' values, if each has memory of its own; gradients take as much again. */
    readonly memory: number;
  };
  readonly peaks: Peaks;
}

/** What runs of the net hold in memory at their peak, without a solver's history; see `Peak`. */
export interface Peaks {
  /** Of the net as phase TRAIN has it; not there if it cannot be built (its data are missing), or nothing learns. */
  readonly training?: Peak;
  /** Of the net as phase TEST has it, forward only; not there in a summary of phase TRAIN. */
  readonly inference?: Peak;
}

/** Nothing is computed here, so nothing needs memory. */
const none: Memory = {
  allocate: () => {
    throw new TypeError("a summary has no memory");
  },
};

/** Bytes of a value. */
const width = 4;

/**
 * Says of each layer of a net which shapes it has and what it costs, from the layers' own rules, and how much memory
 * runs will need: nothing is allocated, filled, run or written. Data layers read the shape of their data, unless `shapes`
 * has it. If files are missing, shapes that the layer's message gives are assumed, and `log` gets a warning.
 *
 * @param message the net; one of an older form is brought up to date first, in place
 * @throws MokaError as building the net would
 */
export async function summarize(message: NetParameter, options: SummaryOptions = {}): Promise<NetSummary> {
  const { phase = "TEST", level = 0, stages = [], log = silent, files = createFiles(), weights } = options;
  upgradeNet(message, "the net", log);
  const state = create(NetStateSchema, { phase: PhaseEnum[phase], level, stage: [...stages] });
  const filtered = filterLayers(message, state, log);
  const catalog = new Catalog(allLayers, () => {}, options.layers);
  const walk = new Walk(phase, files, catalog, options);
  try {
    for (const layer of insertSplits(filtered)) await walk.add(layer);
    const found = weights === undefined ? undefined : await findWeights(weights, walk.layers, files, log);
    const summary = walk.finish(message.name, new Set(filtered.map(({ name }) => name)), found);
    const { shapes = {} } = options;
    const peak = (of: Phase) => peakOf(message, { phase: of, level, stages, shapes, catalog, files });
    const training = await peak("TRAIN");
    const inference = phase === "TEST" ? await peak("TEST") : undefined;
    return { ...summary, peaks: { ...(training && { training }), ...(inference && { inference }) } };
  } finally {
    await walk.close();
  }
}

/** The parameters that the weights have, those that share one of them too. */
async function findWeights(
  paths: string,
  layers: readonly Layer[],
  files: Files,
  log: Log,
): Promise<ReadonlySet<Span>> {
  const found = new Set<Span>();
  const store = new WeightFileStore(files, log);
  for (const path of weightPaths(paths)) {
    for (const { to } of matchTrainedLayers(layers, await store.read(path), path, log)) found.add(to.data);
  }
  return found;
}

/** Goes through the layers as a net does when it is built, with shapes only. */
class Walk {
  readonly layers: Layer[] = [];
  readonly #phase: Phase;
  readonly #files: Files;
  readonly #options: SummaryOptions;
  readonly #catalog: Catalog;
  readonly #shapes = new Map<string, Shape>();
  readonly #connections = new Map<Layer, { bottoms: BlobSummary[]; tops: BlobSummary[] }>();
  readonly #params = new ParamTable();
  readonly #assumed = new Set<Layer>();

  constructor(phase: Phase, files: Files, catalog: Catalog, options: SummaryOptions) {
    this.#phase = phase;
    this.#files = files;
    this.#options = options;
    this.#catalog = catalog;
  }

  async add(message: LayerParameter): Promise<void> {
    const layer = this.#create(message);
    this.layers.push(layer);
    try {
      checkCounts(layer);
      const bottoms = message.bottom.map((name) => ({ name, shape: this.#shapes.get(name) ?? [] }));
      const shapes = bottoms.map(({ shape }) => shape);
      const topShapes = this.#givenShapes(message) ?? (await this.#topShapes(layer, shapes));
      const tops = Array.from({ length: topsOf(layer) }, (_, i) => {
        return { name: message.top[i] ?? "(automatic)", shape: topShapes[i] ?? [] };
      });
      for (const { name, shape } of tops) {
        checkShape(shape);
        if (name !== "(automatic)") this.#shapes.set(name, shape);
      }
      layer.params = layer.declareParams(shapes).map(({ shape }, i) => new Tensor(`${layer.name}.${i}`, shape, none));
      this.#params.add(layer);
      this.#connections.set(layer, { bottoms, tops });
    } catch (error) {
      throw layer.explain(error);
    }
  }

  finish(name: string, own: ReadonlySet<string>, found: ReadonlySet<Span> | undefined): Omit<NetSummary, "peaks"> {
    const owners = new Map(this.#params.learnables.map(({ tensor, layer }) => [tensor.data, { tensor, layer }]));
    const layers = this.layers.map((layer): LayerSummary => {
      const { bottoms = [], tops = [] } = this.#connections.get(layer) ?? {};
      const params = layer.params.map((param): ParamSummary & { owned: boolean } => {
        const owner = owners.get(param.data);
        const owned = owner?.tensor === param;
        return { shape: param.shape, owned, ...(owner && !owned && { sharedWith: owner.layer.name }) };
      });
      const owned = params.filter((param) => param.owned).map(({ shape }) => countOf(shape));
      const made = layer.sharesBottom ? [] : tops.filter((top) => !layer.message.bottom.includes(top.name));
      return {
        name: layer.name,
        type: layer.type,
        bottoms,
        tops,
        ...(this.#assumed.has(layer) && tops.length > 0 && { assumed: true as const }),
        params: params.map(({ owned: _, ...param }) => param),
        parameters: sum(owned),
        multiplyAdds: layer.multiplyAdds(bottoms.map(({ shape }) => shape)),
        memory: width * sum(made.map(({ shape }) => countOf(shape))),
        inserted: layer.type === "Split" && !own.has(layer.name),
        ...(found && params.length > 0 && { hasWeights: layer.params.some((param) => found.has(param.data)) }),
      };
    });
    const parameters = sum(layers.map((layer) => layer.parameters));
    return {
      name,
      phase: this.#phase,
      layers,
      blobs: Object.fromEntries(this.#shapes),
      totals: {
        parameters,
        parameterMemory: width * parameters,
        multiplyAdds: sum(layers.map((layer) => layer.multiplyAdds)),
        memory: sum(layers.map((layer) => layer.memory)),
      },
    };
  }

  async close(): Promise<void> {
    for (const layer of this.layers) await layer.close();
  }

  #create(message: LayerParameter): Layer {
    if (!Object.hasOwn(message, "phase")) message.phase = PhaseEnum[this.#phase];
    return this.#catalog.create(message, {
      phase: message.phase === PhaseEnum.TEST ? "TEST" : "TRAIN",
      files: this.#files,
      images: createImages(),
      random: new Random(1),
      log: silent,
      fill: () => {},
    });
  }

  #givenShapes(message: LayerParameter): readonly Shape[] | undefined {
    return givenShapes(message, new Map(Object.entries(this.#options.shapes ?? {})));
  }

  async #topShapes(layer: Layer, shapes: readonly Shape[]): Promise<readonly Shape[]> {
    try {
      await layer.inspect();
    } catch (error) {
      if (!isMissing(error)) throw error;
      const tops = layer.message.top.length;
      const assumed = layer
        .assumedShapes()
        .slice(0, tops)
        .filter((shape) => shape !== undefined);
      if (error.code !== "MOKA_FILE" || assumed.length < tops) throw withHint(layer, error);
      this.#assumed.add(layer);
      const { message } = error.within({ layer, place: sourceOf(layer.message)?.place });
      const outcome = tops > 0 ? `; its tops are assumed to be ${assumed.map(formatShape).join(" and ")}` : "";
      this.#options.log?.("warning", "", message + outcome);
      return assumed;
    }
    layer.setup(shapes);
    return layer.topShapes(shapes);
  }
}

/** What a data layer without its data needs. */
function withHint(layer: Layer, error: MokaError): MokaError {
  const tops = layer.message.top.map((name) => `"${name}"`).join(" and ");
  return layer.error(
    error.code,
    `${error.reason}; give the shape of ${tops} (shapes, or --shape) to do without the data`,
    error,
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
