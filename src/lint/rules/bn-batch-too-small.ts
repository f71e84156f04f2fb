import { type KnownRanks, knownAlone, ranksOfStatistics } from "../../core/known-ranks.js";
import { formatNumber } from "../../util/number-format.js";
import { andOthers, type BatchNorm, batchNorms } from "../batch-norms.js";
import { type LayerProblem, problemsInStates } from "../guessed-states.js";
import { percent } from "../moving-average.js";
import type { Rule } from "../rule.js";
import type { View } from "../view.js";

/** With m = 16 values the standard error of a variance, √(2/(m − 1)) of it, is 37 %; with fewer it is larger. */
const minValues = 16;

export const bnBatchTooSmall: Rule = {
  id: "bn-batch-too-small",
  severity: "warning",
  summary: "a BatchNorm that takes the statistics of a channel over one value, a few, or one image at a time",

  *check(net) {
    const iterSize = net.solver?.iterSize ?? 1;
    yield* problemsInStates(net, function* (view) {
      // A batch of a test is run by one rank, as by one process.
      const ranks = view.phase === "TRAIN" ? net.ranks : knownAlone;
      const times = ranksOfStatistics(ranks);
      const byBatch = batchNorms(view).filter(({ usesGlobalStats }) => !usesGlobalStats);
      for (const norm of byBatch) {
        const problem = tooFewValues(norm, ranks);
        if (problem) yield problem;
      }
      const single = byBatch.filter(
        ({ layer, m }) => m !== undefined && m >= minValues && (imagesOf(view, layer) ?? 0) * times === 1,
      );
      if (iterSize > 1 && view.phase === "TRAIN") yield* oneImage(single, iterSize, ranks);
    });
  },
};

function tooFewValues({ view, layer, m: own }: BatchNorm, ranks: KnownRanks): LayerProblem | undefined {
  const m = own === undefined ? undefined : own * ranksOfStatistics(ranks);
  if (own === undefined || m === undefined || m >= minValues) return undefined;
  const { count, isSync } = ranks;
  const isShared = count > 1 && !isSync;
  const bottom = view.bottomShapes(layer)[0]?.join("×");
  const shape = `The bottom ${count > 1 ? "of a rank " : ""}is ${bottom}`;
  const who = isShared ? `${layer.label} takes, on each of ${count} ranks,` : `${layer.label} takes`;
  if (m === 1) {
    const averages = isShared
      ? "the averages for TEST, over all ranks, have a variance that no rank has normalized by"
      : "the averages for TEST collect variances of 0";
    return {
      layer,
      at: layer.at(),
      severity: "error",
      message: `${who} the statistics of a channel over m = 1 value, so its output is always 0`,
      why:
        `${shape}, so N·H·W is 1: the mean of a channel is that value itself and its variance 0, and (x − mean)/√(0 + eps) ` +
        `is 0 whatever goes in. No gradient comes back either, and ${averages}.${withSync(own, ranks)}`,
    };
  }
  const all = isSync ? ` of all ${count} ranks together` : "";
  const values = isSync
    ? `${shape}, so N·H·W is ${own}, and ${m} with those of all ranks`
    : `${shape}, so N·H·W is ${m}`;
  const averages = isShared
    ? " over all ranks, or of rank 0 alone with --bn-averages root."
    : `; those correct it by m/(m − 1) = ${formatNumber(m / (m - 1), 3)}.`;
  return {
    layer,
    at: layer.at(),
    message: `${who} the statistics of a channel over only m = ${m} values${all}`,
    why:
      `${values}. A variance over ${m} values is off by about ${percent(Math.sqrt(2 / (m - 1)))} (√(2/(m − 1))), ` +
      `and anew in each batch, while TEST goes by averages${averages}${withSync(own, ranks)}`,
  };
}

/** What `--sync-bn` would make of m values a rank, as a sentence; empty where it changes nothing. */
function withSync(m: number, { count, isSync }: KnownRanks): string {
  if (count === 1 || isSync) return "";
  return ` With --sync-bn the statistics are over the batches of all ranks: ${count} · ${m} = ${count * m} values.`;
}

/** Layers that see one image at a time: gradients add up over iter_size forwards, statistics do not. */
function* oneImage(
  [first, ...others]: readonly BatchNorm[],
  iterSize: number,
  { count }: KnownRanks,
): Generator<LayerProblem> {
  if (!first) return;
  const { layer, m } = first;
  const sees = count > 1 ? `sees one image at a time on each of ${count} ranks` : "sees one image at a time";
  const sync =
    count > 1 ? ` With --sync-bn a forward takes its statistics over ${count} images, one of each rank.` : "";
  yield {
    layer,
    at: layer.at(),
    message: `${layer.label} ${sees}${andOthers(others)}: iter_size: ${iterSize} adds gradients up, not statistics`,
    why:
      `The batch has N = 1, so each of the ${iterSize} forwards of an iteration normalizes its image by itself, here over ` +
      `m = ${m} values: brightness and contrast of the image are lost in training, and are there in TEST.${sync}`,
  };
}

function imagesOf(view: View, layer: BatchNorm["layer"]): number | undefined {
  return view.bottomShapes(layer)[0]?.[0];
}
