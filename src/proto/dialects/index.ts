import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { MokaError } from "../../util/errors.js";
import { grouped } from "../../util/grouped.js";
import { forkBase, isForkField } from "../fork-fields.js";
import { BlobProtoSchema, LayerParameterSchema, type NetParameter, V1LayerParameterSchema } from "../gen/caffe_pb.js";
import { markOf, readDialectOf } from "../source.js";
import { bvlc, type Dialect, dialectNamed, dialects, type Numbering } from "./dialect.js";

export { bvlc, type Dialect, dialectNamed, dialects, type Numbering, numberingOfRoot } from "./dialect.js";

/** The fields that are set in a message, with their values: of a list of messages or enums each, of another list the first. */
export function* setFields(
  schema: DescMessage,
  message: Message,
): Iterable<{ readonly field: DescField; readonly value: unknown }> {
  for (const [name, value] of Object.entries(message)) {
    const field = schema.field[name];
    if (!field || value === undefined) continue;
    if (field.fieldKind === "list") {
      // One value says all there is to know of a list of numbers or strings.
      const values = value as readonly unknown[];
      for (const each of field.message || field.enum ? values : values.slice(0, 1)) yield { field, value: each };
    } else yield { field, value: value as unknown };
  }
}

/** Whether a message has anything, at any depth, that only forks of Caffe have. */
export function hasForkFields(schema: DescMessage, message: Message): boolean {
  for (const { field, value } of setFields(schema, message)) {
    if (isForkField(field) || (field.enum && Number(value) >= forkBase)) return true;
    if (field.message && hasForkFields(field.message, value as Message)) return true;
  }
  return false;
}

/** Whether messages of this type have the numbers of the fork that has all of their fields: layers and blobs. */
export function hasOwnNumbers({ typeName }: DescMessage): boolean {
  return [LayerParameterSchema, V1LayerParameterSchema, BlobProtoSchema].some((each) => each.typeName === typeName);
}

/** The number of things in a message that a fork does not have, at any depth but in layers and blobs, which have numbers of their own. */
export function lacks(numbering: Numbering, schema: DescMessage, message: Message): number {
  let count = 0;
  for (const { field, value } of setFields(schema, message)) {
    const isKnown =
      numbering.numberOf(field) !== undefined &&
      (!field.enum || numbering.valueTo(field.enum, Number(value)) !== undefined);
    if (!isKnown) count++;
    else if (field.message && !hasOwnNumbers(field.message)) count += lacks(numbering, field.message, value as Message);
  }
  return count;
}

/**
 * The names of the forks that a net may be written for, the most probable first; none for a net of BVLC's Caffe. The forks are
 * ranked by how many layers with something of a fork are wholly theirs, by names of fields, and by the types that a fork is known
 * for. What the net was read as, if it was read from a binary file, comes first.
 *
 * @param given the fork that the caller says; it is then the only one. `bvlc`: none
 * @throws MokaError `MOKA_USAGE` for a name that is no fork's
 */
export function dialectsOf(net: NetParameter, given?: string): readonly string[] {
  if (given !== undefined) return checkDialect(given) === bvlc.name ? [] : [given];
  const scores = new Map<Dialect, number>();
  const types = new Set(net.layer.map(({ type }) => type));
  const add = (dialect: Dialect, points: number) => void scores.set(dialect, (scores.get(dialect) ?? 0) + points);
  const judge = (schema: DescMessage, layer: Message) => {
    if (!hasForkFields(schema, layer)) return;
    for (const dialect of dialects()) if (lacks(dialect, schema, layer) === 0) add(dialect, 1);
  };
  for (const layer of net.layer) judge(LayerParameterSchema, layer);
  for (const layer of net.layers) judge(V1LayerParameterSchema, layer);
  // A type by its name alone says less than fields do.
  for (const dialect of dialects()) for (const type of dialect.types) if (types.has(type)) add(dialect, 0.5);
  const ranked = [...scores].sort(([, a], [, b]) => b - a).map(([{ name }]) => name);
  const read = readDialectOf(net)?.name;
  return read === undefined || read === bvlc.name ? ranked : [read, ...ranked.filter((name) => name !== read)];
}

let fieldsByType: ReadonlyMap<string, readonly DescField[]> | undefined;

/** The fields of LayerParameter that are named after a layer type: `flip_param` of Flip. */
export function fieldsOfType(type: string): readonly DescField[] {
  fieldsByType ??= grouped(LayerParameterSchema.fields, ({ name }) => name.replaceAll("_", ""));
  return fieldsByType.get(`${type.toLowerCase()}param`) ?? [];
}

/** Whether BVLC's Caffe has a field that is named after a layer type. */
export function isFieldOfBvlc(type: string): boolean {
  return fieldsOfType(type).some((field) => bvlc.numberOf(field) !== undefined);
}

/** The forks that are known for a layer type, or have a field for it. */
export function forksOfType(type: string): readonly Dialect[] {
  const own = fieldsOfType(type);
  return dialects().filter((each) => each.types.has(type) || own.some(({ name }) => each.has("LayerParameter", name)));
}

/** Returns the name of a dialect, or throws. */
export function checkDialect(name: string): string {
  if (name === bvlc.name || dialectNamed(name)) return name;
  const known = [bvlc.name, ...dialects().map((each) => each.name)].join(", ");
  throw new MokaError("MOKA_USAGE", `there is no dialect "${name}"; there are ${known}`);
}

/** Chooses the numbers for the messages of one net: those of the fork that it is for, where it has everything in a message. */
export class Numberings {
  readonly #ordered: readonly Numbering[];
  /** Whether messages with a fork's numbers say so: always but in a net that was read from a file where they do not. */
  readonly areMarked: boolean;
  readonly #keepsMarks: boolean;

  /** @param given the fork, as for `dialectsOf` */
  constructor(net: NetParameter | undefined, given?: string) {
    const named = (names: readonly string[]) => names.flatMap((name) => dialectNamed(name) ?? []);
    // What a file says, or the caller, counts also for fields of BVLC's that a fork has renumbered. What names tell does not. In a
    // file of Moka's, each message says it for itself.
    const read = net && readDialectOf(net);
    const sure = named([given ?? (read?.isMarked ? undefined : read?.name) ?? bvlc.name]);
    const ranked = net && given === undefined ? named(dialectsOf(net)) : [];
    const others = given === undefined ? dialects() : [];
    this.areMarked = read?.isMarked !== false;
    this.#keepsMarks = given === undefined;
    this.#ordered = [...new Set([...sure, bvlc, ...ranked, ...others])];
  }

  /**
   * The one that the message had in its file, or the first that has everything in it, in the order of probability; else that which
   * lacks least.
   */
  for(schema: DescMessage, message: Message): Numbering {
    const mark = this.#keepsMarks ? dialectNamed(markOf(message) ?? "") : undefined;
    if (mark && lacks(mark, schema, message) === 0) return mark;
    let best: { readonly numbering: Numbering; readonly lacking: number } | undefined;
    for (const numbering of this.#ordered) {
      const lacking = lacks(numbering, schema, message);
      if (lacking === 0) return numbering;
      if (!best || lacking < best.lacking) best = { numbering, lacking };
    }
    return best?.numbering ?? bvlc;
  }
}
