import type { LayerParameter, NetParameter } from "../proto/gen/caffe_pb.js";
import { hintAt, meant } from "../util/closest.js";
import { counted, listed } from "../util/words.js";
import type { Layer } from "./layer.js";
import { blobFits } from "./weights.js";

/** A layer that weights leave as its fillers made it. */
interface LeftLayer {
  readonly layer: Layer;
  /** The layer of the weights that was probably meant for it: no layer of the net takes it, and its blobs fit. */
  readonly meant: string | undefined;
}

/** The layers that only the net has, or only its weights. */
export interface WeightsGap {
  /** The layers with parameters that neither the weights nor their message give, also where that may be meant. */
  readonly unfed: readonly Layer[];
  /** Those of them that were hardly meant to stay as they are. */
  readonly left: readonly LeftLayer[];
  /** The names of the layers with blobs that no layer of the net takes. */
  readonly untaken: readonly string[];
}

/**
 * Compares a net with all weights that are copied into it. A layer is not left if its message has its values, if it shares
 * them with a layer that got its own, or if its filler gives the same values other than 0 every time and no blobs fit it:
 * a Deconvolution that enlarges, a Scale that does nothing yet.
 */
export function weightsGap(layers: readonly Layer[], weights: readonly NetParameter[]): WeightsGap {
  const trained = weights.flatMap(({ layer }) => layer).filter(({ blobs }) => blobs.length > 0);
  const given = new Set(trained.map(({ name }) => name));
  const own = new Set(layers.map(({ name }) => name));
  const untaken = trained.filter(({ name }) => !own.has(name));
  const isFed = ({ name, message }: Layer) => given.has(name) || message.blobs.length > 0;
  const fed = new Set(layers.filter(isFed).flatMap(({ params }) => params.map(({ data }) => data)));
  const unfed = layers.filter((layer) => !isFed(layer) && layer.params.some(({ data }) => !fed.has(data)));
  const left = unfed
    .map((layer) => ({ layer, meant: meantFor(layer, untaken) }))
    .filter((each) => each.meant !== undefined || !isMadeOnPurpose(each.layer));
  return { unfed, left, untaken: [...new Set(untaken.map(({ name }) => name))] };
}

/** The layer whose blobs fit, and whose name is close, or which is the only one of its type. */
function meantFor({ name, type, params }: Layer, untaken: readonly LayerParameter[]): string | undefined {
  const fitting = untaken.filter(
    ({ blobs }) =>
      blobs.length === params.length && params.every(({ shape }, i) => blobs[i] && blobFits(blobs[i], shape)),
  );
  const alike = new Set(fitting.filter((other) => other.type === type).map((other) => other.name));
  const names = fitting.map((other) => other.name);
  return meant(name, names) ?? (alike.size === 1 ? [...alike][0] : undefined);
}

function isMadeOnPurpose({ fillers: [filler] }: Layer): boolean {
  return filler?.type === "bilinear" || (filler?.type === "constant" && filler.value !== 0);
}

/** The most names that a sentence lists. */
const most = 10;

/** A gap in a sentence; undefined if no layer is left. */
export function formatGap({ left, untaken }: WeightsGap, origin: string): string | undefined {
  if (left.length === 0) return undefined;
  const layers = left.map(({ layer: { name, type }, meant }) => {
    return `"${name}" (${type}${hintAt(meant === undefined ? undefined : `"${meant}"`)})`;
  });
  const quoted = untaken.map((name) => `"${name}"`);
  const unused = untaken.length > 0 ? `; no layer takes its ${listed(quoted, most)}` : "";
  const [get, they] =
    left.length === 1 ? ["gets", "stays as its filler made it"] : ["get", "stay as their fillers made them"];
  return `${counted(left.length, "layer")} ${get} no weights from ${origin}, and ${they}: ${listed(layers, most)}${unused}`;
}
