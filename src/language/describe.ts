/** Fields, types and layers in a few words, and as markdown. */
import { type DescEnum, type DescField, ScalarType } from "@bufbuild/protobuf";
import { layers, originOf } from "../layers/registry.js";
import { isForkField } from "../proto/fork-fields.js";

/** The name of a scalar's type, as in caffe.proto. */
export function typeOf(field: DescField): string {
  const { scalar } = field;
  if (field.message) return field.message.name;
  if (field.enum) return field.enum.name;
  return scalar === undefined ? "" : (ScalarType[scalar]?.toLowerCase() ?? "");
}

/** `float, default 0.999`; a fork's field says so. */
export function detailOf(field: DescField): string {
  const repeated = field.fieldKind === "list" ? "repeated " : "";
  const standard = defaultOf(field);
  const fork = isForkField(field) ? " (of a fork)" : "";
  return `${repeated}${typeOf(field)}${standard === undefined ? "" : `, default ${standard}`}${fork}`;
}

/** The default that caffe.proto gives a field; undefined where it gives none. */
export function defaultOf(field: DescField): string | undefined {
  if (field.fieldKind !== "scalar" && field.fieldKind !== "enum") return undefined;
  const value = field.getDefaultValue();
  if (value === undefined) return undefined;
  if (field.fieldKind === "enum") return enumName(field.enum, Number(value));
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "number" ? String(Number(value.toPrecision(7))) : String(value);
}

function enumName({ values }: DescEnum, number: number): string | undefined {
  return values.find((each) => each.number === number)?.name;
}

/** `normalization`, and the fork where it is one's. */
export function layerDetail(type: string): string {
  const known = layers.find((each) => each.type === type);
  const fork = originOf(type);
  return known ? `${known.group}${fork === undefined ? "" : ` (${fork})`}` : "";
}

/** What a layer's contract says of one of its fields: the paragraphs that name it. */
export async function fieldContract(type: string | undefined, field: string): Promise<string | undefined> {
  const contract = type === undefined ? undefined : await contractOf(type);
  const found = contract?.split("\n\n").filter((paragraph) => new RegExp(`\`(?:\\w+\\.)?${field}\``).test(paragraph));
  return found && found.length > 0 ? found.join("\n\n") : undefined;
}

/** A layer's contract, as markdown. It is loaded when the first is asked for. */
export async function contractOf(type: string): Promise<string | undefined> {
  const { contracts } = await import("./gen/contracts.js");
  return Object.hasOwn(contracts, type) ? contracts[type] : undefined;
}
