import { oneRank, type Ranks } from "../core/communicator.js";
import type { Layer } from "../core/layer.js";
import type { Net } from "../core/net.js";
import { type ErrorFinding, formatPlace, MokaError } from "../util/errors.js";
import { formatNumber } from "../util/number-format.js";

/** What is known of a training whose loss is not finite, or sticks. */
export interface Failure {
  readonly net: Net;
  readonly iter: number;
  readonly lr: number;
  /** The number of updates of this run, before which the weights are those that it began with. */
  readonly updates: number;
  /** Whether the solver limits its gradients by clip_gradients. */
  readonly isClipped: boolean;
  /** What lint finds that can be the cause, the most likely first; undefined if it was not asked. */
  readonly findings: readonly ErrorFinding[] | undefined;
  /** The command that shows all that lint finds; undefined for a solver without a file. */
  readonly command: string | undefined;
}

/** The error for a loss that is not finite. It names the first readable blob with a value that is not finite. */
export function lossError(failure: Failure): MokaError {
  const { net, iter, lr, findings } = failure;
  const problem = `the loss became ${net.loss} in iteration ${iter} (lr ${formatNumber(lr)})`;
  const bad = firstBadBlob(net);
  const cause = (bad && dataCause(bad)) ?? causeOf(failure);
  if (!bad) return new MokaError("MOKA_NAN", `${problem}; ${cause}`, { findings });
  const { makers, name, value } = bad;
  const [maker, ...later] = makers;
  const changed =
    later.length > 0 ? `, as ${later.map((layer) => `"${layer.name}"`).join(", ")} in place left it,` : "";
  const reason = `${problem}; "${name}"${changed} is the first blob with a value of ${value}. The weights are those after ${iter} updates; ${cause}`;
  const { place, layer } = maker.error("MOKA_NAN", reason);
  return new MokaError("MOKA_NAN", reason, { place, layer, findings });
}

/**
 * What makes a loss stick or stop being a number, as the end of a sentence: as a fact only what is seen, else the most likely
 * that lint finds, else what to look at.
 */
export function causeOf({ net, updates, isClipped, findings, command }: Failure): string {
  const weights = updates === 0 ? badWeights(net) : undefined;
  if (weights) return weights;
  const [first] = findings ?? [];
  if (first) {
    const more = command === undefined ? "" : `. ${command} shows all that it finds`;
    return `what lint finds is the most likely cause: ${formatPlace(first)}: ${first.message} [${first.rule}]${more}`;
  }
  if (updates === 0) {
    return (
      "no update was made before it, so that base_lr is not the cause: look at the data and their scale, at the weight fillers, " +
      "and at the layers before that value"
    );
  }
  const rate = `a lower base_lr${isClipped ? "" : ", or clip_gradients,"} may help`;
  if (findings) return `lint knows no cause in solver, net and weights; ${rate}`;
  return `${rate}${command === undefined ? "" : `; so may what ${command} finds`}`;
}

/** The command that shows what lint finds in a solver, its nets and the weights that it starts from. */
export function lintCommand(file: string, weights: readonly string[], ranks: Ranks = oneRank): string {
  const quoted = (path: string) => (/^[\w./:@+-]+$/.test(path) ? path : `'${path}'`);
  const given = weights.length > 0 ? ` --weights ${quoted(weights.join(","))}` : "";
  const { size } = ranks.communicator;
  const together = size > 1 ? ` --ranks ${size}${ranks.syncBatchNorm ? " --sync-bn" : ""}` : "";
  return `moka lint ${quoted(file)}${given}${together}`;
}

/** A blob with a value that is not finite. */
interface BadBlob {
  readonly name: string;
  readonly value: number;
  /** The layer that makes it, and those that then change it in place. */
  readonly makers: readonly [Layer, ...Layer[]];
}

function firstBadBlob({ layers, blobs }: Net): BadBlob | undefined {
  for (const layer of layers) {
    for (const name of layer.tops) {
      const blob = blobs.get(name);
      const value = blob?.hasData ? blob.data.find((each) => !Number.isFinite(each)) : undefined;
      if (value === undefined) continue;
      const later = layers.filter((each) => each !== layer && each.tops.includes(name));
      return { name, value, makers: [layer, ...later] };
    }
  }
  return undefined;
}

/** What is read or given, and not computed, needs no other cause. */
function dataCause({ makers }: BadBlob): string | undefined {
  const [maker, ...later] = makers;
  if (maker.bottoms.length > 0 || later.length > 0) return undefined;
  return `that is what "${maker.name}" gives, so the cause is in the data or their transform_param, not in the learning rate`;
}

function badWeights({ params }: Net): string | undefined {
  for (const [layer, blobs] of params) {
    for (const [index, { data }] of blobs.entries()) {
      const value = data.find((each) => !Number.isFinite(each));
      if (value === undefined) continue;
      return `no update was made before it: parameter ${index} of layer "${layer}" had a value of ${value} from the start`;
    }
  }
  return undefined;
}
