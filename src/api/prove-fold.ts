import { create } from "@bufbuild/protobuf";
import { Net } from "../core/net.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import { takesIndices } from "../core/takes-indices.js";
import { formatGap, weightsGap } from "../core/weights-gap.js";
import { type LayerParameter, type NetParameter, NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { type Comparison, compareNets } from "../tools/fold/compare.js";
import type { FoldedNet } from "../tools/fold/index.js";
import { check, MokaError } from "../util/errors.js";
import { silent } from "../util/log.js";
import { Random } from "../util/random.js";
import type { Shape } from "../util/shape.js";
import { createEngine, netContext, type RunOptions } from "./environment.js";
import { Runnable } from "./runnable.js";

export interface ProofOptions {
  /** The greatest allowed error of an output, relative to its largest magnitude. Default 1e-4. */
  readonly tolerance?: number | undefined;
  /** Shapes of inputs, and of the tops of data layers: with them no data are needed. */
  readonly shapes?: Readonly<Record<string, Shape>> | undefined;
  /**
   * Values of inputs, by name. Default: standard normal numbers from `seed` (1); zeros for labels and
   * indices.
   */
  readonly inputs?: Readonly<Record<string, { readonly shape: Shape; readonly data: ArrayLike<number> }>> | undefined;
}

/** The result of running both nets. */
export type FoldProof =
  | (Comparison & {
      readonly ran: true;
      /** Whether every output is within the tolerance. */
      readonly passed: boolean;
      readonly tolerance: number;
      /** The kind of values of each input. */
      readonly inputs: Readonly<Record<string, "given" | "random" | "zeros">>;
    })
  | { readonly ran: false; readonly reason: string };

type ProverOptions = RunOptions & StateOptions & ProofOptions;

/** Runs a net and its folded form on the same inputs. Data layers become Input layers. */
export class Prover {
  readonly #options: ProverOptions;
  readonly #runnable: Runnable;

  private constructor(options: ProverOptions, runnable: Runnable) {
    this.#options = options;
    this.#runnable = runnable;
  }

  /** @param layers the layers of the net in its state */
  static async prepare(layers: readonly LayerParameter[], options: ProverOptions): Promise<Prover> {
    const { shapes = {}, inputs = {} } = options;
    const given = new Map<string, Shape>(Object.entries(shapes));
    for (const [name, { shape }] of Object.entries(inputs)) given.set(name, shape);
    return new Prover(options, await Runnable.prepare(layers, given, options));
  }

  /** The shapes of the net's blobs by name, as far as they can be inferred. */
  get shapes(): ReadonlyMap<string, Shape> {
    return this.#runnable.shapes;
  }

  /**
   * @param net the original net; `weights` are its parameters, and `origin` is their name in errors
   * @param tolerance see `ProofOptions`
   */
  async prove(
    net: NetParameter,
    { weights, origin }: { readonly weights: NetParameter; readonly origin: string },
    folded: FoldedNet,
    tolerance: number,
  ): Promise<FoldProof> {
    const { seed = 1 } = this.#options;
    const [before, after] = [this.#runnableOf(net), this.#runnableOf(folded.net)];
    const reason = this.#runnable.whyNot(after.layer);
    if (reason !== undefined) return { ran: false, reason };
    const engine = await createEngine(this.#options);
    // Without passes: fused steps would fold the original net too.
    const context = { ...netContext(engine, { ...this.#options, log: silent }, seed), passes: [], backward: false };
    const state = stateOf("TEST", this.#options);
    const nets: Net[] = [];
    try {
      const build = async (message: NetParameter) => {
        const built = await Net.build(message, state, { ...context, ownsEngine: false });
        nets.push(built);
        return built;
      };
      const [original, foldedNet] = [await build(before), await build(after)];
      original.copyTrainedLayers(weights, origin);
      const gap = formatGap(weightsGap(original.layers, [weights]), origin);
      if (gap !== undefined) this.#options.log?.("warning", "moka:0", gap);
      foldedNet.copyTrainedLayers(folded.weights);
      foldedNet.copyTrainedLayers(missingLayers(original, folded.weights));
      const inputs = this.#setInputs(original, foldedNet, new Random(seed));
      const comparison = await compareNets(original, foldedNet, folded.targets, this.#options);
      if (comparison.outputs.length === 0) return { ran: false, reason: "the net has no outputs to compare" };
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

  /** The net in a form that runs anywhere. */
  #runnableOf(net: NetParameter): NetParameter {
    const message = copyMessage(NetParameterSchema, net);
    message.layer = this.#runnable.layers(net.layer);
    return message;
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

/** The layers of `net`, with their values from fillers, that `weights` lacks. */
function missingLayers(net: Net, weights: NetParameter): NetParameter {
  const trained = new Set(weights.layer.map(({ name }) => name));
  const layer = net.toMessage().layer.filter(({ name, blobs }) => blobs.length > 0 && !trained.has(name));
  return create(NetParameterSchema, { layer });
}
