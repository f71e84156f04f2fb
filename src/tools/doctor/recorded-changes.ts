import type { DescMessage, Message } from "@bufbuild/protobuf";
import { isDataLayer, isLoss } from "../../core/layer-roles.js";
import { type LayerParameter, LayerParameterSchema, type NetParameter } from "../../proto/gen/caffe_pb.js";
import { copyMessage } from "../../proto/source.js";
import { formatNumber } from "../../util/number-format.js";
import { type Change, withBehind, withLayers } from "./variants.js";

/** Fields that do not change what a layer computes in TEST from what it is given. */
const immaterial = /filler$|^(?:engine|use_global_stats|moving_average_fraction|dropout_ratio|name|type|bottom|top)$/;

const isDropout = ({ type }: LayerParameter) => type === "Dropout";

/**
 * Differences between a net and the record of the net that was trained, which a caffemodel holds: all layers with their
 * fields, also those without blobs. Weights that were converted from elsewhere may have no such record, or an invented one.
 * Dropout, which does nothing in TEST, is in `recordedDropouts`.
 *
 * @param layers those of the net in TEST
 */
export function recordedChanges(layers: readonly LayerParameter[], recorded: readonly LayerParameter[]): Change[] {
  const own = byName(layers);
  const missing = missingLayers(own, recorded, (layer) => !isDropout(layer));
  return [...missing, ...otherFields(own, recorded)];
}

/** The Dropout layers that the trained net had and this one has not. */
export function recordedDropouts(layers: readonly LayerParameter[], recorded: readonly LayerParameter[]): Change[] {
  return missingLayers(byName(layers), recorded, isDropout);
}

function byName(layers: readonly LayerParameter[]): ReadonlyMap<string, LayerParameter> {
  return new Map(layers.map((layer) => [layer.name, layer]));
}

/** Layers of one bottom and one top that the trained net had and this one has not. */
function missingLayers(
  own: ReadonlyMap<string, LayerParameter>,
  recorded: readonly LayerParameter[],
  isWanted: (layer: LayerParameter) => boolean,
): Change[] {
  const theirs = new Set(recorded.map(({ name }) => name));
  return recorded.flatMap((layer, index): Change[] => {
    if (!isWanted(layer)) return [];
    const [[bottom, ...more], [top, ...others]] = [layer.bottom, layer.top];
    if (own.has(layer.name) || bottom === undefined || top === undefined || more.length + others.length > 0) return [];
    // What nothing reads is an end of the net, which a deploy net has otherwise.
    const isRead = recorded.some((other, at) => at > index && other.bottom.includes(top));
    if (isDataLayer(layer) || isLoss(layer) || !isRead) return [];
    // The nearest layer above that makes its bottom and is in both nets.
    const anchor = recorded.slice(0, index).findLast((each) => each.top.includes(bottom) && own.has(each.name));
    if (!anchor) return [];
    const isRenamed = [...own.values()].some(
      ({ name, type, bottom: [input] }) =>
        type === layer.type && !theirs.has(name) && input === own.get(anchor.name)?.top[0],
    );
    if (isRenamed) return [];
    return [
      {
        text: `${layer.type} "${layer.name}" behind "${anchor.name}"`,
        origin: "weights",
        kind: "structure",
        layers: [layer.name],
        apply: (message) => withBehind(message, anchor.name, layer),
      },
    ];
  });
}

function otherFields(own: ReadonlyMap<string, LayerParameter>, recorded: readonly LayerParameter[]): Change[] {
  // A record has the bottoms of its layers; a list of blobs by name has not, and its fields are no record either.
  if (!recorded.some(({ bottom }) => bottom.length > 0)) return [];
  return recorded.flatMap((layer): Change[] => {
    const mine = own.get(layer.name);
    if (mine?.type !== layer.type || isDataLayer(layer) || isLoss(layer)) return [];
    return LayerParameterSchema.fields.flatMap((field): Change[] => {
      if (field.fieldKind !== "message" || !/_param$/.test(field.name)) return [];
      const key = field.localName as keyof LayerParameter;
      const [theirs, ours] = [layer[key], mine[key]] as [Message | undefined, Message | undefined];
      const [first] = differences(field.message, ours, theirs);
      if (!first) return [];
      return [
        {
          text: `${first.name}: ${first.theirs} in "${layer.name}" (${layer.type}) instead of ${first.ours}`,
          origin: "weights",
          kind: first.name === "eps" && layer.type === "BatchNorm" ? "eps" : "structure",
          layers: [layer.name],
          apply: (message: NetParameter) =>
            withLayers(message, (each) => {
              if (each.name !== layer.name) return each;
              return Object.assign(copyMessage(LayerParameterSchema, each), { [key]: theirs });
            }),
        },
      ];
    });
  });
}

interface Difference {
  readonly name: string;
  readonly ours: string;
  readonly theirs: string;
}

/** The fields that differ; a field that is not given counts as its default. */
function differences(schema: DescMessage, ours: Message | undefined, theirs: Message | undefined): Difference[] {
  const fieldOf = (message: Message | undefined, name: string) =>
    (message as Record<string, unknown> | undefined)?.[name];
  return schema.fields.flatMap((field): Difference[] => {
    if (immaterial.test(field.name)) return [];
    const [mine, other] = [fieldOf(ours, field.localName), fieldOf(theirs, field.localName)];
    const standard = field.fieldKind === "scalar" || field.fieldKind === "enum" ? field.getDefaultValue() : undefined;
    const named = (value: unknown) =>
      (field.fieldKind === "enum" && field.enum.values.find(({ number }) => number === value)?.name) || shown(value);
    const [a, b] = [named(mine ?? standard), named(other ?? standard)];
    return a === b ? [] : [{ name: field.name, ours: a, theirs: b }];
  });
}

function shown(value: unknown): string {
  if (typeof value === "number") return formatNumber(value);
  if (Array.isArray(value)) return value.length > 0 ? value.map(shown).join(" ") : "none";
  if (typeof value === "object" && value !== null) {
    return JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}` : each));
  }
  return value === undefined ? "none" : String(value);
}
