import { type BlobLayout, blobLayout } from "../../layers/normalization/blob-layouts.js";
import { scaleOf } from "../batch-norms.js";
import { splitBlobs } from "../fork-blobs.js";
import { forkNorm } from "../forks.js";
import { insertScale, scaleName } from "../insert-scale.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Fix, Rule } from "../rule.js";
import type { WeightBlob } from "../weights.js";

export const bnForkBlobs: Rule = {
  id: "bn-fork-blobs",
  severity: "error",
  summary: "weights in which a BatchNorm has not the three blobs of Caffe's, but those of a fork",

  *check(net) {
    const { layers, weights } = net;
    if (!weights) return;
    for (const layer of layers) {
      if (layer.type !== "BatchNorm" || forkNorm(layer)) continue;
      const blobs = weights.of(layer);
      if (blobs.length === 0 || blobs.length === 3) continue;
      const layout = blobLayout(blobs);
      const count = blobs.length === 1 ? "one blob" : `${blobs.length} blobs`;
      yield {
        at: layer.at(),
        message: `${layer.label} has ${count} in the weights, not three${layout ? `: they are ${layout.fork}'s` : ""}`,
        why:
          `Caffe's BatchNorm has mean (C), variance (C) and factor (1); here are ${shapes(blobs)}. ${meaning(layout)}Caffe aborts ` +
          `with "Incompatible number of blobs for layer ${layer.name}" when it copies them.`,
        fix: layout && split(net, layer, layout),
      };
    }
  },
};

function shapes(blobs: readonly WeightBlob[]): string {
  return blobs.map(({ shape }) => `(${shape.join("×")})`).join(", ");
}

function meaning(layout: BlobLayout | undefined): string {
  if (!layout) return "";
  const averages = layout.mean === undefined ? ", without averages" : "";
  return `In ${layout.fork}'s fork of Caffe they are ${layout.blobs}${averages}. `;
}

/** Moves γ and β to the next Scale, or to a new one; undefined if that Scale has weights, or β or the averages are missing. */
function split(net: LintNet, layer: LintLayer, { mean, shift }: BlobLayout): Fix | undefined {
  const behind = net.views.flatMap((view) => (view.has(layer) ? [scaleOf(view, layer)] : []));
  const [scale] = behind;
  if (mean === undefined || shift === undefined || behind.some((each) => each !== scale)) return undefined;
  if (!scale) {
    const name = scaleName(net, layer);
    const made = insertScale(net, layer);
    return made && { ...made, weights: (weights) => splitBlobs(weights, layer.name, name) };
  }
  if (net.weights && net.weights.of(scale).length > 0) return undefined;
  return { edits: [], weights: (weights) => splitBlobs(weights, layer.name, scale.name) };
}
