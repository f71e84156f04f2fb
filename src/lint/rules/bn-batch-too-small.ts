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
      const byBatch = batchNorms(view).filter(({ usesGlobalStats }) => !usesGlobalStats);
      for (const norm of byBatch) {
        const problem = tooFewValues(norm);
        if (problem) yield problem;
      }
      const single = byBatch.filter(({ layer, m }) => m !== undefined && m >= minValues && imagesOf(view, layer) === 1);
      if (iterSize > 1 && view.phase === "TRAIN") yield* oneImage(single, iterSize);
    });
  },
};

function tooFewValues({ view, layer, m }: BatchNorm): LayerProblem | undefined {
  if (m === undefined || m >= minValues) return undefined;
  const shape = `The bottom is ${view.bottomShapes(layer)[0]?.join("×")}`;
  if (m === 1) {
    return {
      layer,
      at: layer.at(),
      severity: "error",
      message: `${layer.label} takes the statistics of a channel over m = 1 value, so its output is always 0`,
      why:
        `${shape}, so N·H·W is 1: the mean of a channel is that value itself and its variance 0, and (x − mean)/√(0 + eps) ` +
        "is 0 whatever goes in. No gradient comes back either, and the averages for TEST collect variances of 0.",
    };
  }
  return {
    layer,
    at: layer.at(),
    message: `${layer.label} takes the statistics of a channel over only m = ${m} values`,
    why:
      `${shape}, so N·H·W is ${m}. A variance over ${m} values is off by about ${percent(Math.sqrt(2 / (m - 1)))} (√(2/(m − 1))), ` +
      `and anew in each batch, while TEST goes by averages; those correct it by m/(m − 1) = ${formatNumber(m / (m - 1), 3)}.`,
  };
}

/** Layers that see one image at a time: gradients add up over iter_size forwards, statistics do not. */
function* oneImage([first, ...others]: readonly BatchNorm[], iterSize: number): Generator<LayerProblem> {
  if (!first) return;
  const { layer, m } = first;
  yield {
    layer,
    at: layer.at(),
    message: `${layer.label} sees one image at a time${andOthers(others)}: iter_size: ${iterSize} adds gradients up, not statistics`,
    why:
      `The batch has N = 1, so each of the ${iterSize} forwards of an iteration normalizes its image by itself, here over ` +
      `m = ${m} values: brightness and contrast of the image are lost in training, and are there in TEST.`,
  };
}

function imagesOf(view: View, layer: BatchNorm["layer"]): number | undefined {
  return view.bottomShapes(layer)[0]?.[0];
}
