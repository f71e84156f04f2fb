import { filterLayers } from "../core/filter-net.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import { WeightFileStore } from "../data/weight-files.js";
import { openFiles } from "../platform/open-files.js";
import { formatNet } from "../proto/text/index.js";
import { nameOfWeights, type Weights } from "../proto/weight-sources.js";
import { type FoldedNet, foldNet } from "../tools/fold/index.js";
import { check } from "../util/errors.js";
import { silent } from "../util/log.js";
import { checkOptions } from "../util/options.js";
import { stoppable } from "../util/work.js";
import type { RunOptions } from "./environment.js";
import { type FoldProof, type ProofOptions, Prover } from "./prove-fold.js";
import { type NetSource, readNet } from "./read-text.js";

export interface FoldOptions extends RunOptions, StateOptions, ProofOptions {
  /**
   * Path of the files to write, `<output>.prototxt` and `<output>.caffemodel`. They are not written if the proof fails.
   * Default: nothing is written.
   */
  readonly output?: string | undefined;
}

/** A net with fewer layers and the same outputs, and the proof that they are the same. */
export interface FoldResult extends FoldedNet {
  /** The prototxt of `net`, with the comments of the layers that stay. */
  readonly text: string;
  /** How both nets' outputs differ. */
  readonly proof: FoldProof;
  /** The files that were written. */
  readonly written: readonly string[];
}

/**
 * Folds BatchNorm, Scale and Bias layers into the weights of the convolutions and inner products next to them, for
 * inference: the result has the outputs of the net in phase TEST. Layers that cannot be folded exactly stay, and `kept`
 * gives the reason. Then both nets run on the same inputs, and `proof` gives the differences of their outputs.
 *
 * @param model the net, as for `Net.load`
 * @param weights files or messages; a message is upgraded in place if it has an older form
 * @param options the progress counts the `layers` that others were folded into, when they are compared
 * @throws MokaError if a file cannot be read, or does not make a net
 * @example
 * ```ts
 * const { folded, proof, written } = await fold("net.prototxt", "net.caffemodel", { output: "folded" });
 * console.log(folded.map(({ layer }) => layer)); // [ 'bn1', 'scale1' ]
 * console.log(written); // [ 'folded.prototxt', 'folded.caffemodel' ]
 * ```
 */
export async function fold(model: NetSource, weights: Weights, options: FoldOptions = {}): Promise<FoldResult> {
  checkOptions("fold", options);
  return stoppable(options.signal, (signal) => foldAndProve(model, weights, { ...options, signal }));
}

async function foldAndProve(model: NetSource, weights: Weights, options: FoldOptions): Promise<FoldResult> {
  const { log = silent, output, tolerance = 1e-4 } = options;
  const files = openFiles(options);
  check(tolerance > 0, "MOKA_USAGE", `tolerance must be greater than 0, not ${tolerance}`);
  const store = new WeightFileStore(files, log);
  const net = await readNet(model, files, log);
  const state = stateOf("TEST", options);
  const origin = nameOfWeights(weights);
  const trained = await store.readAll(weights);
  const prover = await Prover.prepare(filterLayers(net, state, silent), options);
  const folded = foldNet(net, trained, state, { shapes: prover.shapes, log });
  const text = formatNet(folded.net);
  const proof = await prover.prove(net, { weights: trained, origin }, folded, tolerance);
  const written: string[] = [];
  options.signal?.throwIfAborted();
  if (output !== undefined && !(proof.ran && !proof.passed)) {
    await files.write(`${output}.prototxt`, new TextEncoder().encode(text));
    await store.write(`${output}.caffemodel`, folded.weights);
    written.push(`${output}.prototxt`, `${output}.caffemodel`);
  }
  return { ...folded, text, proof, written };
}
