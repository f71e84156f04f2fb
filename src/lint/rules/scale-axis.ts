import { blobValues, makeBlob } from "../../proto/binary/blob.js";
import type { NetParameter } from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { counted } from "../../util/words.js";
import { batchNorms } from "../batch-norms.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Fix, Problem, Rule } from "../rule.js";
import type { View } from "../view.js";

export const scaleAxis: Rule = {
  id: "scale-axis",
  severity: "warning",
  summary: "a Scale or Bias behind a BatchNorm that learns by other axes than channels: `axis` is not 1, or `num_axes`",

  *check(net) {
    for (const { view, layer, scale } of net.views.flatMap(batchNorms)) {
      if (scale) continue;
      const readers = view.readers(layer).flatMap((end) => {
        return end.layer.type === "Split" ? end.layer.message.top.flatMap((_, i) => view.readers(end.layer, i)) : [end];
      });
      for (const { layer: affine } of readers) {
        const problem = affine.facts?.isAffine && problemOf(net, view, layer, affine);
        if (problem) yield problem;
      }
    }
  },
};

function problemOf(net: LintNet, view: View, norm: LintLayer, affine: LintLayer): Problem | undefined {
  const { type, bottom, scaleParam, biasParam } = affine.message;
  // A second bottom gives the multiplier: a gate, which another layer computes.
  if (bottom.length !== 1) return undefined;
  const param = type === "Scale" ? "scale_param" : "bias_param";
  const { axis = 1, numAxes = 1 } = (type === "Scale" ? scaleParam : biasParam) ?? {};
  const [shape] = view.bottomShapes(affine);
  const reach = reachOf(axis, numAxes, shape);
  if (!reach) return undefined;
  const learned = type === "Scale" ? (scaleParam?.biasTerm ? "γ and β" : "γ") : "β";
  const channels = shape?.[1];
  const own = view.paramShapes(affine)?.[0];
  const count = own && countOf(own);
  const written = ["axis", "num_axes"].find((name) => affine.fields(param, name).length > 0) ?? "";
  const given = [axis === 1 ? [] : `axis ${axis}`, numAxes === 1 ? [] : `num_axes ${numAxes}`].flat().join(" and ");
  const each = {
    none: `one ${learned} for all channels`,
    others: `${learned} for ${count === undefined ? "places" : counted(count, "place")} along other axes, the same for all channels`,
    more: `${learned} for every position${count === undefined ? "" : `, ${count} in all`}`,
  }[reach];
  return {
    at: affine.at(param, written),
    severity: reach === "more" ? "info" : "warning",
    message: `${affine.label} behind BatchNorm "${norm.name}" does not go by channel: with ${given} it learns ${each}`,
    why:
      "BatchNorm brings every channel to mean 0 and variance 1, and each channel is to get a scale and a shift of its own again. " +
      (reach === "more"
        ? "With one for each position the net takes images of one size only, and these parameters do not fold into a convolution."
        : `Here ${channels === undefined ? "all" : `the ${channels}`} channels stay as strong as each other, and a ReLU cuts all at one point. Left out, axis and num_axes are 1: by channel.`),
    fix: net.kind === "deploy" ? undefined : byChannel(net, affine, param, channels),
  };
}

/** The axes along which parameters differ, apart from those of size 1; undefined if it is the channels, or not known. */
function reachOf(axis: number, numAxes: number, shape: Shape | undefined): "none" | "others" | "more" | undefined {
  if (axis === 1 && numAxes === 1) return undefined;
  if (numAxes === 0) return shape?.[1] === 1 ? undefined : "none";
  // Without a shape, an axis from the end, and one that reaches to the end, can be anything.
  if (!shape) return axis > 1 ? "others" : undefined;
  const start = axis < 0 ? axis + shape.length : axis;
  const end = numAxes === -1 ? shape.length : start + numAxes;
  // A shape that it does not fit is another rule's.
  if (start < 0 || end > shape.length) return undefined;
  const spanned = shape.slice(start, end);
  if (start > 1 || end <= 1) return "others";
  return countOf(spanned) === shape[1] ? undefined : "more";
}

/** Removes `axis` and `num_axes`. In trained weights, one γ and β for all channels become as many of the same. */
function byChannel(net: LintNet, affine: LintLayer, param: string, channels: number | undefined): Fix | undefined {
  const fields = ["axis", "num_axes"].flatMap((name) => affine.fields(param, name));
  const all = affine.fields(param).flatMap(({ value }) => (value?.kind === "message" ? value.fields : []));
  if (fields.length === 0) return undefined;
  const removed = all.length === fields.length ? affine.fields(param) : fields;
  const edits = removed.flatMap((field) => net.edit.remove(field));
  const blobs = net.weights?.of(affine) ?? [];
  if (blobs.length === 0) return { edits };
  if (channels === undefined || blobs.some(({ data }) => data.length !== 1)) return undefined;
  return { edits, weights: (weights) => repeat(weights, affine.name, channels) };
}

function repeat(weights: NetParameter, name: string, channels: number): void {
  const layer = weights.layer.find((each) => each.name === name);
  if (!layer) return;
  layer.blobs = layer.blobs.map((blob) => {
    const [value = 0] = blobValues(blob).data;
    return makeBlob([channels], { data: new Float32Array(channels).fill(value) });
  });
}
