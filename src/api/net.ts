import { Net as CoreNet } from "../core/net.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import { check } from "../util/errors.js";
import { createEngine, netContext, type RunOptions } from "./environment.js";
import { netFrom, readText } from "./read-text.js";

export interface NetOptions extends RunOptions, StateOptions {
  /** The phase: it selects layers, and changes how some of them compute. Default `TEST`. */
  readonly phase?: "TRAIN" | "TEST" | undefined;
  /** Weights to load: a path, or several separated by commas. Default: the weights from the fillers. */
  readonly weights?: string | undefined;
  /**
   * The blobs whose values and gradients can be read after a run. `outputs`: inputs, outputs (blobs not read by a layer)
   * and parameters; the others share memory, and phase TEST has no backward pass, unless the net has `force_backward`.
   * Default `all`, as in pycaffe.
   */
  readonly keep?: "all" | "outputs" | undefined;
  /**
   * Whether backward runs for every layer for which `caffe time` runs it: also for parameters under no loss, as in a deploy
   * net. Default false: for the layers between a parameter that learns and a loss.
   */
  readonly everyBackward?: boolean | undefined;
}

/** A network; see `Net.load`. */
export type Net = CoreNet;

export const Net = {
  /**
   * Reads a net and builds it.
   *
   * @param pathOrText a prototxt: its path, or, if it has a `{` or a newline, its text
   * @throws MokaError that names file, line, layer and blob
   */
  async load(pathOrText: string, options: NetOptions = {}): Promise<Net> {
    const { phase = "TEST", weights, keep = "all", everyBackward = false } = options;
    const state = stateOf(phase, options);
    check(keep === "all" || keep === "outputs", "MOKA_USAGE", `keep must be "all" or "outputs", not "${keep}"`);
    const engine = await createEngine(options);
    const context = netContext(engine, options, undefined);
    try {
      const message = netFrom(await readText(pathOrText, context.files), context.log);
      const backward = phase === "TRAIN" || keep === "all" || message.forceBackward || everyBackward;
      const net = await CoreNet.build(message, state, { ...context, keep, backward, everyBackward, ownsEngine: true });
      if (weights !== undefined) await net.copyTrainedLayersFrom(weights);
      return net;
    } catch (error) {
      await engine.dispose();
      throw error;
    }
  },
};
