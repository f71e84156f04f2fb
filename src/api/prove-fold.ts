import { create } from "@bufbuild/protobuf";
import { createFiles, createImages } from "#platform";
import { Catalog } from "../core/catalog.js";
import { inferShapes, isMissing } from "../core/infer-shapes.js";
import { asInput } from "../core/input-layers.js";
import { isDataLayer } from "../core/layer-roles.js";
import { Net } from "../core/net.js";
import { fill } from "../fillers/index.js";
import { layers as allLayers } from "../layers/index.js";
import {
  type LayerParameter,
  type NetParameter,
  NetParameterSchema,
  NetStateSchema,
  Phase,
} from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { type Comparison, compareNets } from "../tools/fold/compare.js";
import type { FoldedNet } from "../tools/fold/index.js";
import { check, MokaError } from "../util/errors.js";
import { silent } from "../util/log.js";
import { Random } from "../util/random.js";
import type { Shape } from "../util/shape.js";
import { createEngine, netContext, type RunOptions } from "./environment.js";

export interface ProofOptions {
  /** How far an output may be off, in parts of its largest magnitude. Default 1e-4. */
  readonly tolerance?: number | undefined;
  /** Shapes of inputs, and of what data layers bring: with them no data are needed. */
  readonly shapes?: Readonly<Record<string, Shape>> | undefined;
  /**
   * Values of inputs, by name. Default: standard normal numbers of `seed` (1); zeros where a layer wants labels or
   * indices.
   */
  readonly inputs?: Readonly<Record<string, { readonly shape: Shape; readonly data: ArrayLike<number> }>> | undefined;
}

/** What running both nets has shown. */
export type FoldProof =
  | (Comparison & {
      readonly ran: true;
      /** Whether every output is within the tolerance. */
      readonly passed: boolean;
      readonly tolerance: number;
      /** What the inputs were. */
      readonly inputs: Readonly<Record<string, "given" | "random" | "zeros">>;
    })
  | { readonly ran: false; readonly reason: string };

/** Runs a net and what was made of it side by side. Data layers are Input layers here. */
export class Prover {
  /** The shapes of the net's blobs by name, as far as they follow from what is there. */
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly #options: RunOptions & ProofOptions;
  readonly #catalog: Catalog;

  private constructor(options: RunOptions & ProofOptions, catalog: Catalog, shapes: ReadonlyMap<string, Shape>) {
    this.#options = options;
    this.#catalog = catalog;
    this.shapes = shapes;
  }

  /** @param layers those of the net in its state */
  static async prepare(layers: readonly LayerParameter[], options: RunOptions & ProofOptions): Promise<Prover> {
    const { shapes = {}, inputs = {}, files = createFiles() } = options;
    const given = new Map<string, Shape>(Object.entries(shapes));
    for (const [name, { shape }] of Object.entries(inputs)) given.set(name, shape);
    for (const name of given.keys()) {
      const known = layers.filter(isDataLayer).flatMap(({ top }) => top);
      const names = known.join(", ") || "none";
      check(known.includes(name), "MOKA_USAGE", `the net has no input "${name}"; its inputs are ${names}`);
    }
    const catalog = new Catalog(allLayers, fill, options.layers);
    const context = {
      catalog,
      files,
      images: createImages(),
      phase: "TEST",
      random: new Random(1),
      log: silent,
    } as const;
    const {
      blobs,
      assumed,
      layers: found,
    } = await inferShapes(
      layers.map((layer) => asInput(layer, given)),
      context,
    );
    for (const { error } of found.values()) if (isMissing(error)) options.log?.("warning", "", error.message);
    const known = [...blobs].filter(([name]) => !assumed.has(name));
    return new Prover(options, catalog, new Map([...known, ...given]));
  }

  /**
   * @param net as it was, `weights` its parameters, and `origin` what errors call them
   * @param tolerance see `ProofOptions`
   */
  async prove(
    net: NetParameter,
    { weights, origin }: { readonly weights: NetParameter; readonly origin: string },
    folded: FoldedNet,
    tolerance: number,
  ): Promise<FoldProof> {
    const { seed = 1 } = this.#options;
    const [before, after] = [this.#runnable(net), this.#runnable(folded.net)];
    const obstacle = this.#obstacle(after.layer);
    if (obstacle !== undefined) return { ran: false, reason: obstacle };
    const engine = await createEngine(this.#options);
    // Layer by layer, as Caffe does: an engine that fuses them would compare one form of folding with another.
    const context = { ...netContext(engine, { ...this.#options, log: silent }, seed), passes: [], backward: false };
    const state = create(NetStateSchema, { phase: Phase.TEST });
    const nets: Net[] = [];
    try {
      const build = async (message: NetParameter) => {
        const built = await Net.build(message, state, { ...context, ownsEngine: false });
        nets.push(built);
        return built;
      };
      const [old, made] = [await build(before), await build(after)];
      old.copyTrainedLayers(weights, origin);
      made.copyTrainedLayers(folded.weights);
      made.copyTrainedLayers(untrained(old, folded.weights));
      const inputs = this.#setInputs(old, made, new Random(seed));
      const comparison = await compareNets(old, made, folded.targets);
      const passed = comparison.outputs.every(({ relativeError }) => relativeError <= tolerance);
      return { ran: true, passed, tolerance, inputs, ...comparison };
    } catch (error) {
      if (!(error instanceof MokaError && error.code === "MOKA_MEMORY")) throw error;
      return { ran: false, reason: `both nets at once do not fit into memory: ${error.message}` };
    } finally {
      for (const each of nets) await each.dispose();
      await engine.dispose();
    }
  }

  /** The net as it can run anywhere: with Input layers for data, and without what writes files. */
  #runnable(net: NetParameter): NetParameter {
    const message = copyMessage(NetParameterSchema, net);
    message.layer = net.layer.filter(({ type }) => type !== "HDF5Output").map((layer) => asInput(layer, this.shapes));
    return message;
  }

  /** Why the net cannot run here, if it cannot. */
  #obstacle(layers: readonly LayerParameter[]): string | undefined {
    const isKnown = ({ type, pythonParam }: LayerParameter) => {
      const own = pythonParam
        ? [`${pythonParam.module}/${pythonParam.layer}`, `${pythonParam.module}.${pythonParam.layer}`]
        : [];
      return [...own, type].some((name) => this.#catalog.has(name));
    };
    const unknown = layers.filter((layer) => !isKnown(layer));
    if (unknown.length > 0) {
      const names = unknown.map(({ name, type }) => `"${name}" (${type})`).join(", ");
      return `Moka does not know the type of ${names}`;
    }
    const missing = layers.filter(isDataLayer).flatMap(({ top }) => top.filter((name) => !this.shapes.has(name)));
    if (missing.length === 0) return undefined;
    const names = missing.map((name) => `"${name}"`).join(", ");
    return `the shape of ${names} is not known: give it (shapes, or --shape ${missing[0]}=1,3,224,224)`;
  }

  #setInputs(before: Net, after: Net, random: Random): Record<string, "given" | "random" | "zeros"> {
    const { inputs = {} } = this.#options;
    return Object.fromEntries(
      before.inputs.map((name) => {
        const [to, copy] = [before.blobs.get(name)?.data, after.blobs.get(name)?.data];
        const given = inputs[name];
        const kind = given ? "given" : takesIndices(before, name) ? "zeros" : "random";
        if (!to || !copy) return [name, kind];
        if (given) {
          const { length } = given.data;
          check(length === to.length, "MOKA_SHAPE", `input "${name}" needs ${to.length} values, but has ${length}`);
          to.set(given.data);
        } else if (kind === "random") random.gaussian(to, 0, 1);
        copy.set(to);
        return [name, kind];
      }),
    );
  }
}

/** The layers that the weights have not, as the other net has filled them. */
function untrained(net: Net, weights: NetParameter): NetParameter {
  const trained = new Set(weights.layer.map(({ name }) => name));
  const layer = net.toMessage().layer.filter(({ name, blobs }) => blobs.length > 0 && !trained.has(name));
  return create(NetParameterSchema, { layer });
}

/** Whether a layer takes these values for labels or indices, of which 0 is always one. */
function takesIndices(net: Net, blob: string): boolean {
  return net.layers.some((layer) =>
    layer.bottoms.some((bottom, index) => {
      if (bottom !== blob || layer.type === "ArgMax" || layer.type === "Threshold") return false;
      if (layer.type === "Split") return layer.tops.some((top) => takesIndices(net, top));
      return layer.type === "Accuracy" ? index === 1 : !layer.allowForceBackward(index);
    }),
  );
}
