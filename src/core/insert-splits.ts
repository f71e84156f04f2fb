import { create } from "@bufbuild/protobuf";
import { type LayerParameter, LayerParameterSchema } from "../proto/gen/caffe_pb.js";
import { copyMessage, setSource, sourceOf } from "../proto/source.js";
import { MokaError } from "../util/errors.js";

/** A top of a layer, by position: a blob's name alone is not enough, since in-place layers reuse it. */
interface Top {
  readonly layer: LayerParameter;
  readonly index: number;
  /** Who reads it; a loss weight on it counts as one more reader. */
  readers: number;
  lossWeight: number;
  /** How many readers have been given their split top so far. */
  handed: number;
}

/**
 * Gives every blob that several layers read a Split layer after its producer, with one top a reader, so
 * that its gradient is the sum of theirs. Names are Caffe's: `ip_ip_0_split` with tops
 * `ip_ip_0_split_0`, ….
 */
export function insertSplits(layers: readonly LayerParameter[]): LayerParameter[] {
  const topsOf = new Map<LayerParameter, Top[]>();
  const sourceTops = new Map<LayerParameter, Top[]>();
  const latest = new Map<string, Top>();
  for (const layer of layers) {
    sourceTops.set(
      layer,
      layer.bottom.map((name, index) => {
        const top = latest.get(name);
        if (!top) throw unknownBottom(layer, name, index, [...latest.keys()]);
        top.readers++;
        return top;
      }),
    );
    const tops = layer.top.map((name, index) => {
      const top: Top = { layer, index, readers: 0, lossWeight: layer.lossWeight[index] ?? 0, handed: 0 };
      if (top.lossWeight !== 0) top.readers++;
      latest.set(name, top);
      return top;
    });
    topsOf.set(layer, tops);
  }

  return layers.flatMap((layer) => {
    const tops = topsOf.get(layer) ?? [];
    const splits = tops.filter((top) => top.readers > 1);
    const bottom = layer.bottom.map((name, index) => {
      const top = sourceTops.get(layer)?.[index];
      return top && top.readers > 1 ? `${splitName(top, name)}_${top.handed++}` : name;
    });
    const copy = copyMessage(LayerParameterSchema, layer);
    copy.bottom = bottom;
    const splitLayers = splits.map((top) => {
      if (top.lossWeight !== 0) {
        copy.lossWeight = [];
        top.handed++;
      }
      return splitLayer(top);
    });
    return [copy, ...splitLayers];
  });
}

function splitName(top: Top, blob: string): string {
  return `${blob}_${top.layer.name}_${top.index}_split`;
}

function splitLayer(top: Top): LayerParameter {
  const blob = top.layer.top[top.index] ?? "";
  const name = splitName(top, blob);
  const tops = Array.from({ length: top.readers }, (_, i) => `${name}_${i}`);
  const split = create(LayerParameterSchema, { name, type: "Split", bottom: [blob], top: tops });
  if (top.lossWeight !== 0) split.lossWeight = tops.map((_, i) => (i === 0 ? top.lossWeight : 0));
  setSource(split, sourceOf(top.layer));
  return split;
}

export function unknownBottom(
  layer: LayerParameter,
  bottom: string,
  index: number,
  available: readonly string[],
): MokaError {
  const known = available.length > 0 ? `; there are ${available.map((name) => `"${name}"`).join(", ")}` : "";
  return new MokaError("MOKA_BLOB", `bottom ${index} is "${bottom}", which no layer above produces${known}`, {
    place: sourceOf(layer)?.place,
    layer,
  });
}
