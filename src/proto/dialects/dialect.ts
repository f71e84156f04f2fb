import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import { memoized } from "../../util/memoized.js";
import { forkBase, isForkField } from "../fork-fields.js";
import { file_caffe } from "../gen/caffe_pb.js";
import { bvlcMessages, dialectRows } from "../gen/dialects.js";

/** The numbers of fields and enum values in the files of one fork of Caffe, or of BVLC's Caffe. */
export interface Numbering {
  readonly name: string;
  /** The number of a field in these files; undefined if the fork does not have it. */
  numberOf(field: DescField): number | undefined;
  /** The field of a message with this number in these files; undefined if the fork has none. */
  fieldAt(message: DescMessage, number: number): DescField | undefined;
  /** The number of an enum's value in these files, from that of the schema; undefined if the fork does not have it. */
  valueTo(type: DescEnum, value: number): number | undefined;
  /** The number of an enum's value in the schema, from that of these files. A number that is unknown stays. */
  valueFrom(type: DescEnum, value: number): number;
}

/** Whether a message is BVLC's: its fields have numbers there. */
const isOfBvlc = memoized(({ typeName }: DescMessage) => bvlcNames().has(typeName.split(".").slice(0, 2).join(".")));

let names: ReadonlySet<string> | undefined;
function bvlcNames(): ReadonlySet<string> {
  names ??= new Set(file_caffe.messages.slice(0, bvlcMessages).map(({ typeName }) => typeName));
  return names;
}

const byNumber = memoized(({ fields }: DescMessage) => {
  return new Map(fields.filter((field) => !isForkField(field)).map((field) => [field.number, field]));
});

function fieldNumbered(message: DescMessage, number: number): DescField | undefined {
  return byNumber(message).get(number);
}

const byName = memoized(({ fields }: DescMessage) => new Map(fields.map((field) => [field.name, field])));

/** The numbers of BVLC's Caffe. */
export const bvlc: Numbering = {
  name: "bvlc",
  numberOf: (field) => (isForkField(field) || !isOfBvlc(field.parent) ? undefined : field.number),
  fieldAt: (message, number) => (isOfBvlc(message) ? fieldNumbered(message, number) : undefined),
  valueTo: (_, value) => (value < forkBase ? value : undefined),
  valueFrom: (_, value) => value,
};

/** The numbers of a message that only one fork's files have at their root, as SSD's AnnotatedDatum: those of the schema. */
const asInSchema: Numbering = {
  ...bvlc,
  numberOf: (field) => (isForkField(field) ? undefined : field.number),
  fieldAt: fieldNumbered,
};

/** The numbers of a file whose root is a message of this type, before anything in it tells a fork. */
export function numberingOfRoot(schema: DescMessage): Numbering {
  return isOfBvlc(schema) ? bvlc : asInSchema;
}

/** What a fork has in one message or enum, by name and by number in its files. */
interface Entries {
  readonly byName: ReadonlyMap<string, number | undefined>;
  readonly byNumber: ReadonlyMap<number, string>;
}

/** A fork of Caffe: what it adds to BVLC's schema, and its numbers. */
export class Dialect implements Numbering {
  readonly #words: ReadonlyMap<string, readonly string[]>;
  readonly #imports: readonly string[];
  readonly #entries = new Map<DescMessage | DescEnum, Entries>();

  constructor(
    readonly name: string,
    /** What the fork is, in a sentence. */
    readonly about: string,
    /** Its repository and commit. */
    readonly source: string,
    /** The layer types that it is known for. */
    readonly types: ReadonlySet<string>,
    imports: string,
    schema: string,
  ) {
    this.#imports = imports.split(" ").filter(Boolean);
    this.#words = new Map(
      schema.split("\n").map((line) => {
        const [message = "", ...words] = line.split(" ");
        return [message, words];
      }),
    );
  }

  numberOf(field: DescField): number | undefined {
    const entries = this.#of(field.parent);
    if (entries.byName.has(field.name)) return entries.byName.get(field.name) ?? field.number;
    const own = bvlc.numberOf(field);
    // Where the fork has another field at that number, it does not have this one.
    return own !== undefined && !entries.byNumber.has(own) ? own : undefined;
  }

  fieldAt(message: DescMessage, number: number): DescField | undefined {
    const entries = this.#of(message);
    const name = entries.byNumber.get(number);
    if (name !== undefined) return byName(message).get(name);
    const own = bvlc.fieldAt(message, number);
    return own && !entries.byName.has(own.name) ? own : undefined;
  }

  valueTo(type: DescEnum, value: number): number | undefined {
    const name = type.value[value]?.name;
    const entries = this.#of(type);
    if (name !== undefined && entries.byName.has(name)) return entries.byName.get(name) ?? value;
    return value < forkBase && !entries.byNumber.has(value) ? value : undefined;
  }

  valueFrom(type: DescEnum, value: number): number {
    const name = this.#of(type).byNumber.get(value);
    return type.values.find((each) => each.name === name)?.number ?? value;
  }

  /** Whether this fork has this field itself, or from a fork that it includes; BVLC's own fields do not count. */
  has(message: string, field: string): boolean {
    const own = this.#words.get(message)?.some((word) => word.split("=")[0] === field);
    return own === true || this.#includes.some((each) => each.has(message, field));
  }

  #of(type: DescMessage | DescEnum): Entries {
    let entries = this.#entries.get(type);
    if (!entries) {
      const name = type.typeName.slice(file_caffe.proto.package.length + 1);
      const numbers = new Map(
        this.#wordsOf(name).map((word): [string, number | undefined] => {
          const [field = "", number] = word.split("=");
          return [field, number === undefined ? undefined : Number(number)];
        }),
      );
      const all: readonly { readonly name: string; readonly number: number }[] =
        type.kind === "enum" ? type.values : type.fields;
      const inSchema = new Map(all.map((each) => [each.name, each.number]));
      // Of several names of one value the first counts.
      const byNumber = new Map(
        [...numbers].reverse().map(([field, number]) => [number ?? inSchema.get(field) ?? 0, field] as const),
      );
      entries = { byName: numbers, byNumber };
      this.#entries.set(type, entries);
    }
    return entries;
  }

  /** The words of the forks that it includes come first: its own replace them. */
  #wordsOf(name: string): readonly string[] {
    return [...this.#includes.flatMap((each) => each.#wordsOf(name)), ...(this.#words.get(name) ?? [])];
  }

  get #includes(): readonly Dialect[] {
    return this.#imports.flatMap((name) => dialectNamed(name) ?? []);
  }
}

let all: readonly Dialect[] | undefined;

/** The forks of Caffe whose files Moka reads and writes, the most used ones first. */
export function dialects(): readonly Dialect[] {
  all ??= dialectRows.map(([name, about, source, types, imports, schema]) => {
    return new Dialect(name, about, source, new Set(types.split(" ").filter(Boolean)), imports, schema);
  });
  return all;
}

/** The fork of this name. */
export function dialectNamed(name: string): Dialect | undefined {
  return dialects().find((each) => each.name === name);
}
