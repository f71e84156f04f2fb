import { isMissing } from "../../core/infer-shapes.js";
import { isDataLayer } from "../../core/layer-roles.js";
import { sourceOf } from "../../proto/source.js";
import type { FieldNode } from "../../proto/text/tree.js";
import { formatPlace, MokaError } from "../../util/errors.js";
import { memoized } from "../../util/memoized.js";
import { formatShape, type Shape, sameShape } from "../../util/shape.js";
import { counted } from "../../util/words.js";
import type { LintLayer } from "../layer.js";
import type { Location } from "../location.js";
import type { LintNet } from "../net.js";
import { learnableStats } from "../param-specs.js";
import { bodyAround, offsetOf } from "../places.js";
import type { Fix, Problem, Rule } from "../rule.js";
import type { View } from "../view.js";
import type { Blobs } from "../weights.js";

/** Errors in a layer's message, its bottoms or its data; of files that are not there the code is another. */
const codes: ReadonlySet<string> = new Set([
  "MOKA_SHAPE",
  "MOKA_FIELD",
  "MOKA_LAYER",
  "MOKA_WEIGHTS",
  "MOKA_DATA",
  "MOKA_UNSUPPORTED",
]);

export const shapeMismatch: Rule = {
  id: "shape-mismatch",
  severity: "error",
  summary: "a layer that does not take its bottoms, its parameters, its data, or the weights given",

  *check(net) {
    for (const view of net.views) {
      const guessed = withGuessedShapes(view, net);
      const channels = withGuessedChannels(view);
      for (const layer of view.layers) {
        if (areSpecsWrong(layer)) continue;
        const error = view.error(layer);
        const isUnwritable = layer.message.top.length === 0 && isMissing(error);
        if (error instanceof MokaError && (codes.has(error.code) || isUnwritable)) {
          const at = fieldOf(net, layer, error);
          const ofField = error.code === "MOKA_FIELD" && (setsChannels(layer) || at !== layer.field);
          const byShape = error.code === "MOKA_SHAPE" || (error.code === "MOKA_FIELD" && !ofField);
          const unsure = guessed.has(layer) || (byShape && readsAny(view, layer, channels));
          if (!unsure) yield { ...refused(view, layer, error, at), fix: respelled(net, at, error) };
          continue;
        }
        const sharing = view.sharingError(layer);
        if (sharing && !guessed.has(layer) && !readsAny(view, layer, channels)) yield unshared(layer, sharing);
        if (net.weights && !error) yield* wrongBlobs(view, layer, net.weights);
      }
    }
  },
};

/** Whether a BatchNorm cannot be made because of its param specs: bn-learnable-stats and bn-param-specs report it. */
function areSpecsWrong(layer: LintLayer): boolean {
  const { specs, wrong } = learnableStats(layer);
  return specs.length > 3 || (specs.length < 3 && wrong.length > 0);
}

/** Whether a layer's own message gives the number of channels of its tops. */
function setsChannels({ facts }: LintLayer): boolean {
  return facts?.weightFiller !== undefined;
}

/** The field that an error names, as that of a filler; else the layer's. */
function fieldOf({ tree, file }: LintNet, { field }: LintLayer, { place }: MokaError): FieldNode | undefined {
  if (!field || !place || place.file !== file) return field;
  if (place.line === field.line && place.column === field.column) return field;
  return bodyAround(tree, offsetOf(tree, place)).field ?? field;
}

/** Writes the value that was probably meant, as the type of a filler. */
function respelled({ edit }: LintNet, at: FieldNode | undefined, { meant }: MokaError): Fix | undefined {
  if (meant === undefined || at?.value?.kind !== "scalar") return undefined;
  return { edits: edit.replace(at.value, `"${meant}"`) };
}

function unshared(layer: LintLayer, { reason }: MokaError): Problem {
  const at = layer.at("param");
  const why =
    "Moka does not load the net, and Caffe aborts: a parameter of one name is one blob, with one lr_mult and decay_mult.";
  return { at, message: `${layer.label} cannot share its parameters: ${reason}`, why };
}

function refused(view: View, layer: LintLayer, error: MokaError, at: Location | undefined): Problem {
  const { code, reason, place } = error;
  if (code === "MOKA_DATA") {
    // A list of images, say, has a place of its own.
    const where = place && place.file !== sourceOf(layer.message)?.file ? `${formatPlace(place)}: ` : "";
    return {
      at: at ?? layer.at(),
      message: `${layer.label} cannot read its data: ${where}${reason}`,
      why: "Moka does not load the net. Caffe aborts too, or takes something else from the file than was meant.",
    };
  }
  const shapes = view.bottomShapes(layer);
  const bottoms = layer.message.bottom.map((name, index) => `"${name}" ${asText(shapes[index])}`);
  return {
    at: at ?? layer.at(),
    message: `${layer.label} ${code === "MOKA_SHAPE" ? "does not take its bottoms" : "cannot be made"}: ${reason}`,
    why:
      "Moka does not load the net; Caffe aborts when it sets up the layer, or reads beyond its blobs. " +
      (bottoms.length > 0 ? `It reads ${bottoms.join(", ")}.` : "It reads no blobs."),
  };
}

function asText(shape: Shape | undefined): string {
  return shape ? formatShape(shape) : "of a shape that is not known";
}

/** Whether the reader has left out a part of the layer, as an unknown field of a fork; that may change its meaning. */
function isReadInPart({ field }: LintLayer, net: LintNet): boolean {
  if (!field) return false;
  const lost = lostBefore(net);
  return lost(field.endLine + 1) > lost(field.line);
}

/** The number of fields and values that the reader has left out above a line. */
const lostBefore = memoized(({ issues, text }: LintNet) => {
  const counts = new Uint32Array(text.split("\n").length + 2);
  for (const { code, severity, line } of issues) {
    if (code === "MOKA_TEXT_UNKNOWN_FIELD" || severity === "error") counts[line + 1] = (counts[line + 1] ?? 0) + 1;
  }
  for (let line = 1; line < counts.length; line++) counts[line] = (counts[line] ?? 0) + (counts[line - 1] ?? 0);
  return (line: number) => counts[Math.min(line, counts.length - 1)] ?? 0;
});

/** Layers whose top shapes are uncertain, since the reader left out a part of them or of a layer before them. */
function withGuessedShapes(view: View, net: LintNet): ReadonlySet<LintLayer> {
  const guessed = new Set<LintLayer>();
  for (const layer of view.layers) {
    if (isReadInPart(layer, net) || view.makers(layer).some((maker) => maker && guessed.has(maker.layer)))
      guessed.add(layer);
  }
  return guessed;
}

/**
 * Layers whose number of channels is uncertain: sources whose data are missing, for which an image is taken to have
 * three channels, and layers that keep the number of channels of such a bottom.
 */
function withGuessedChannels(view: View): ReadonlySet<LintLayer> {
  const guessed = new Set<LintLayer>();
  for (const layer of view.layers) {
    const absent = isDataLayer(layer.message) && view.error(layer) !== undefined;
    if (absent || (!setsChannels(layer) && readsAny(view, layer, guessed))) guessed.add(layer);
  }
  return guessed;
}

function readsAny(view: View, layer: LintLayer, layers: ReadonlySet<LintLayer>): boolean {
  return view.makers(layer).some((maker) => {
    if (!maker || !layers.has(maker.layer)) return false;
    // The other tops of a data layer are labels: one value an image, always.
    return maker.index === 0 || !isDataLayer(maker.layer.message);
  });
}

function* wrongBlobs(view: View, layer: LintLayer, weights: Blobs): Iterable<Problem> {
  const params = view.paramShapes(layer);
  const blobs = weights.of(layer);
  if (!params || blobs.length === 0) return;
  const stops = "Caffe aborts when it copies them, and Moka refuses the weights too.";
  if (blobs.length !== params.length) {
    if (layer.type === "BatchNorm") return; // bn-fork-blobs reports it
    yield {
      at: layer.at("name"),
      message: `${layer.label} has ${counted(params.length, "parameter")}, but the weights ${counted(blobs.length, "blob")} for it`,
      why: `${stops} The layer was trained in another form, for example with or without bias_term. To learn it anew, rename the layer.`,
    };
    return;
  }
  const index = params.findIndex((shape, i) => !fits(blobs[i]?.shape ?? [], shape));
  if (index < 0) return;
  const [wanted, given] = [params[index] ?? [], blobs[index]?.shape ?? []].map(formatShape);
  yield {
    at: layer.at("name"),
    message: `${layer.label} has a parameter ${index} of shape ${wanted}, but the weights one of ${given}`,
    why: `${stops} The layer was trained with another number of outputs, another kernel, or other bottoms. To learn it anew, rename the layer.`,
  };
}

/** Whether shapes are equal; blobs from before 2014 have four axes, with axes of size 1 added in front. */
function fits(shape: Shape, wanted: Shape): boolean {
  if (shape.length === 4 && wanted.length < 4) {
    return sameShape(shape, [...Array<number>(4 - wanted.length).fill(1), ...wanted]);
  }
  return sameShape(shape, wanted);
}
