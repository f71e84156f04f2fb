import { create } from "@bufbuild/protobuf";
import { Net as CoreNet } from "../core/net.js";
import { NetStateSchema, Phase } from "../proto/gen/caffe_pb.js";
import { check } from "../util/errors.js";
import { createEngine, netContext, type RunOptions } from "./environment.js";
import { netFrom, readText } from "./read-text.js";

export interface NetOptions extends RunOptions {
  /** Which of the net's layers are there, and how some of them behave. Default `TEST`. */
  readonly phase?: "TRAIN" | "TEST" | undefined;
  /** Weights to start from: a path, or several separated by commas. Default: the fillers'. */
  readonly weights?: string | undefined;
  /** Of the net's state, for include and exclude rules. Default 0 and none. */
  readonly level?: number | undefined;
  readonly stages?: readonly string[] | undefined;
  /**
   * Which blobs keep their values and gradients after a run. With `outputs` only inputs, outputs (blobs no layer reads)
   * and parameters do; the others share memory. In phase TEST nothing is kept for backward then, unless the net says
   * `force_backward`. Default `all`, as in pycaffe.
   */
  readonly keep?: "all" | "outputs" | undefined;
}

/** A network; see `Net.load`. */
export type Net = CoreNet;

export const Net = {
  /**
   * Reads a net and makes it ready to run.
   *
   * @param pathOrText a prototxt: its path, or, if it has a newline, its text
   * @throws MokaError that names file, line, layer and blob
   */
  async load(pathOrText: string, options: NetOptions = {}): Promise<Net> {
    const { phase = "TEST", weights, level = 0, stages = [], keep = "all" } = options;
    check(phase === "TRAIN" || phase === "TEST", "MOKA_USAGE", `phase must be "TRAIN" or "TEST", not "${phase}"`);
    check(keep === "all" || keep === "outputs", "MOKA_USAGE", `keep must be "all" or "outputs", not "${keep}"`);
    const engine = await createEngine(options);
    const context = netContext(engine, options, undefined);
    try {
      const message = netFrom(await readText(pathOrText, context.files), context.log);
      const state = create(NetStateSchema, { phase: Phase[phase], level, stage: [...stages] });
      const backward = phase === "TRAIN" || keep === "all" || message.forceBackward;
      const net = await CoreNet.build(message, state, { ...context, keep, backward, ownsEngine: true });
      if (weights !== undefined) await net.copyTrainedLayersFrom(weights);
      return net;
    } catch (error) {
      await engine.dispose();
      throw error;
    }
  },
};
