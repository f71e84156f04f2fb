import {
  create,
  type DescEnum,
  type DescField,
  type DescMessage,
  isMessage,
  type Message,
  type MessageShape,
  mergeFromBinary,
} from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { concat } from "../../util/bytes.js";
import { check, MokaError, reasonOf } from "../../util/errors.js";
import { adoptDialect, isSetting } from "../dialects/adopt.js";
import { bvlc, dialectNamed, hasOwnNumbers, type Numbering, numberingOfRoot, setFields } from "../dialects/index.js";
import { kindOf, kinds, textFile, wrongKind } from "../file-kind.js";
import { BlobProtoSchema, type NetParameter, NetParameterSchema, SolverStateSchema } from "../gen/caffe_pb.js";
import { readDialectOf, setMark, setReadDialect, setUnknownFields, unknownFieldsOf } from "../source.js";
import { parseText } from "../text/index.js";
import { keepFieldValues } from "./field-values.js";
import { NumberReader } from "./numbers.js";
import { rawValues } from "./raw-values.js";
import { accepts } from "./wire-types.js";
import { dialectField, textField } from "./write-forked.js";

export interface ReadOptions {
  /**
   * Lets the reader change `bytes`. Large fields of numbers that do not start at a multiple of 4 bytes are moved by
   * up to 3 bytes, over their own header, instead of being copied: no value is held twice. `bytes` is
   * no valid file afterwards. Default false.
   */
  readonly mayChangeBytes?: boolean;
  /** The fork of Caffe whose numbers the layers of a net have. Default: what their fields tell. */
  readonly dialect?: string | undefined;
  /** The kind of file that is wanted, for errors. */
  readonly wanted?: string;
}

/**
 * Reads a `.caffemodel`.
 *
 * The numbers of its blobs are not in the messages (`blob.data` is empty) but beside them: see `blobValues`. They are
 * views of `bytes` where they are packed and start at a multiple of 4 bytes, and copies elsewhere. So `bytes` stays in
 * memory as long as the net does, and must not change. Unknown fields, and known fields with a wrong wire type, are
 * kept as unknown fields.
 *
 * Forks of Caffe gave the same numbers to different fields. The layers are read with the numbers of the fork that knows most of
 * their fields: see `readDialectOf`, which also names the layers where that is not sure.
 *
 * @throws MokaError MOKA_PARSE with the file and the offset of the damaged byte
 */
export const readNet = /* @__PURE__ */ readerOf(NetParameterSchema, "weights");

/** Reads a `.solverstate`, as `readNet` does. */
export const readSolverState = /* @__PURE__ */ readerOf(SolverStateSchema, "state");

/**
 * Reads a `.binaryproto`, the form of a mean image, as `readNet` does.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 *
 * const mean = blobProtoToArray(readBlobProto(await readFile("mean.binaryproto")));
 * console.log(mean.shape); // [ 1, 3, 8, 8 ]
 * ```
 */
export const readBlobProto = /* @__PURE__ */ readerOf(BlobProtoSchema, "blob");

/** A reader that refuses an empty file, and a file whose fields are those of another kind. */
function readerOf<Desc extends DescMessage>(schema: Desc, kindWanted: keyof typeof kinds) {
  return (bytes: Uint8Array, file = "the bytes given", options?: ReadOptions) => {
    const wanted = kinds[kindWanted];
    // To protocol buffers, no bytes are a message whose fields are all at their defaults. As a file, they are a mistake.
    check(bytes.length > 0, "MOKA_PARSE", `${file}: the file is empty, where ${wanted} is wanted`);
    const message = readBinary(schema, bytes, file, { ...options, wanted });
    if (message.$unknown === undefined) return message; // all fields are known
    const kind = kindOf(bytes);
    if (!isOther(kind, wanted) || kind === textFile) return message;
    throw new MokaError("MOKA_PARSE", wrongKind(file, kind, wanted));
  };
}

function isOther(kind: string | undefined, wanted: string): kind is string {
  return kind !== undefined && kind !== wanted;
}

/** Reads any message, as `readNet` does. */
export function readBinary<Desc extends DescMessage>(
  schema: Desc,
  bytes: Uint8Array,
  file = "the bytes given",
  { mayChangeBytes = false, wanted = "a binary message", dialect }: ReadOptions = {},
): MessageShape<Desc> {
  const message = create(schema);
  const decoder = new Decoder(bytes, mayChangeBytes);
  try {
    decoder.read(reflect(schema, message, false), bytes.length, numberingOfRoot(schema));
    if (isMessage(message, NetParameterSchema)) adopt(message, decoder, dialect);
  } catch (error) {
    const kind = kindOf(bytes);
    const what =
      kind !== undefined && isOther(kind, wanted)
        ? wrongKind(file, kind, wanted)
        : `${file}: damaged at byte ${decoder.at}: ${reasonOf(error)}`;
    throw new MokaError("MOKA_PARSE", what, { cause: error });
  }
  return message;
}

/** Reads a message that has the numbers of a fork. */
function readAs(schema: DescMessage, bytes: Uint8Array, numbering: Numbering): Message {
  const message = create(schema);
  new Decoder(bytes, false).read(reflect(schema, message, false), bytes.length, numbering);
  return message;
}

/** What a file of Moka's says of itself: a net's layers have the numbers of these forks. Nothing is to be guessed. */
function adopt(net: NetParameter, decoder: Decoder, dialect: string | undefined): void {
  const [mark] = decoder.marks;
  if (mark === undefined) adoptDialect(net, readAs, (layer) => decoder.rawSettings(layer), decoder.hasUnknown, dialect);
  else setReadDialect(net, { name: mark, isMarked: true, unsure: [] });
  const { refused } = decoder;
  if (!refused || readDialectOf(net)) return;
  decoder.at = refused.at;
  throw refused.error;
}

/**
 * Reads a message and the messages in it. protobuf-es decodes runs of plain fields. This class does what protobuf-es
 * does not: it checks every length and wire type, and keeps the numbers of blobs out of JavaScript arrays.
 */
class Decoder {
  /** Byte offset of the field being read. */
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #mayChangeBytes: boolean;
  readonly #reader: BinaryReader;
  /** The names of the forks whose numbers messages say that they have, in the order of the file. */
  readonly marks = new Set<string>();
  /** Whether BVLC's Caffe lacks a field or an enum value that was read. */
  hasUnknown = false;
  /** The first setting of a layer that is no message with BVLC's numbers: a fork may have another there. */
  refused: { readonly error: unknown; readonly at: number } | undefined;
  /** The first and last offsets of the settings of layers, and of what is unknown in them. */
  readonly #settings = new Map<Message, number[]>();

  constructor(bytes: Uint8Array, mayChangeBytes: boolean) {
    this.#bytes = bytes;
    this.#mayChangeBytes = mayChangeBytes;
    this.#reader = new BinaryReader(bytes);
  }

  read(message: ReflectMessage, end: number, around: Numbering = bvlc): void {
    let numbering = around;
    const reader = this.#reader;
    const blob = isMessage(message.message, BlobProtoSchema) ? message.message : undefined;
    const numbers = blob && new NumberReader(this.#bytes, reader, end, this.#mayChangeBytes);
    const isLayer = numbering === bvlc && blob === undefined && hasOwnNumbers(message.desc);
    let run = reader.pos;
    const decodeRun = (to: number) => {
      if (to === run) return;
      this.at = run;
      mergeFromBinary(message.desc, message.message, this.#bytes.subarray(run, to));
    };

    while (reader.pos < end) {
      const start = reader.pos;
      this.at = start;
      const [no, wireType] = reader.tag();
      const body = reader.pos;
      const field = numbering.fieldAt(message.desc, no);
      if (numbers?.countField(no, wireType)) {
        decodeRun(start);
      } else if (field?.message && wireType === WireType.LengthDelimited) {
        const to = this.#endOfField(end);
        decodeRun(start);
        // Layers and blobs say themselves which numbers they have.
        const inner = hasOwnNumbers(field.message) && around === bvlc ? bvlc : numbering;
        if (!isLayer || field.fieldKind !== "message" || !isSetting(field)) {
          this.read(this.#child(message, field), to, inner);
        } else if (!this.#readSetting(message, field, to, inner)) {
          addUnknown(message, no, wireType, this.#bytes.subarray(body, to));
        }
      } else {
        const value = this.#skip(no, wireType, end);
        if (wireType === WireType.LengthDelimited && (no === textField || no === dialectField)) {
          decodeRun(start);
          const text = new BinaryReader(value).string();
          if (no === textField) addText(message, text);
          else numbering = this.#marked(message.message, text);
          run = reader.pos;
          continue;
        }
        const isKnown = field !== undefined && accepts(field, wireType);
        if (isKnown && field.number === no && (!field.enum || numbering === bvlc)) {
          if (field.enum && !isValueOf(field.enum, wireType, value)) this.hasUnknown = true;
          continue;
        }
        decodeRun(start);
        if (isKnown) {
          renumbered(message, field, wireType, value, numbering);
          run = reader.pos;
          continue;
        }
        this.hasUnknown = true;
        addUnknown(message, no, wireType, value);
      }
      run = reader.pos;
      if (isLayer && (!field || isSetting(field))) this.#note(message.message, start);
    }
    decodeRun(end);
    if (!blob || !numbers) return;
    keepFieldValues(blob, numbers.finish());
    rawValues(blob); // throws here, where the place in the file is known
  }

  /** Reads a setting of a layer. Returns false, and reads nothing, if its bytes are no such message. */
  #readSetting(message: ReflectMessage, field: DescField, to: number, numbering: Numbering): boolean {
    const before = message.isSet(field);
    try {
      this.read(this.#child(message, field), to, numbering);
      return true;
    } catch (error) {
      // A setting that is given twice was merged with the first: it cannot be taken out again.
      if (before) throw error;
      this.refused ??= { error, at: this.at };
      this.hasUnknown = true;
      message.clear(field);
      this.#reader.pos = to;
      return false;
    }
  }

  /** Notes where a setting of a layer is that begins at `start` and ends here. */
  #note(layer: Message, start: number): void {
    const noted = this.#settings.get(layer);
    if (noted) noted.push(start, this.#reader.pos);
    else this.#settings.set(layer, [start, this.#reader.pos]);
  }

  /** See `RawSettings`. */
  rawSettings(layer: Message): Uint8Array {
    const ranges = this.#settings.get(layer) ?? [];
    const pieces: Uint8Array[] = [];
    for (let i = 0; i < ranges.length; i += 2) pieces.push(this.#bytes.subarray(ranges[i], ranges[i + 1]));
    return concat(pieces);
  }

  #marked(message: Message, name: string): Numbering {
    const dialect = dialectNamed(name);
    if (dialect) {
      this.marks.add(name);
      setMark(message, name);
    }
    return dialect ?? bvlc;
  }

  /** The message to read a field's bytes into: a new one, or, where a singular field is repeated, the earlier one. */
  #child(message: ReflectMessage, field: DescField): ReflectMessage {
    if (field.fieldKind === "list" && field.listKind === "message") {
      const child = reflect(field.message, undefined, false);
      message.get(field).add(child);
      return child;
    }
    if (field.fieldKind !== "message") throw new TypeError(`${field} is no message`);
    const child = message.get(field);
    if (!message.isSet(field)) message.set(field, child);
    return child;
  }

  #skip(no: number, wireType: WireType, end: number): Uint8Array {
    const start = this.#reader.pos;
    if (wireType === WireType.LengthDelimited) this.#reader.pos = this.#endOfField(end);
    else this.#reader.skip(wireType, no);
    if (this.#reader.pos > end) throw new RangeError(`field ${no} goes beyond the end of its message`);
    return this.#bytes.subarray(start, this.#reader.pos);
  }

  /** Reads a length, and returns the offset where the field ends, at most `end`. */
  #endOfField(end: number): number {
    const length = this.#reader.uint32();
    const left = end - this.#reader.pos;
    if (length > left) throw new RangeError(`a field of ${length} bytes, where ${Math.max(left, 0)} are left`);
    return this.#reader.pos + length;
  }
}

/** Keeps a field that its message does not have; `data` is what follows its tag. */
function addUnknown(message: ReflectMessage, no: number, wireType: WireType, data: Uint8Array): void {
  const unknown = message.getUnknown() ?? [];
  unknown.push({ no, wireType, data });
  message.setUnknown(unknown);
}

/** Whether an enum has a single value in a file. */
function isValueOf(type: DescEnum, wireType: WireType, value: Uint8Array): boolean {
  return wireType !== WireType.Varint || type.value[new BinaryReader(value).int32()] !== undefined;
}

/** Reads the value of a field whose number, or whose enum's numbers, are others in the schema. */
function renumbered(
  message: ReflectMessage,
  field: DescField,
  wireType: WireType,
  value: Uint8Array,
  numbering: Numbering,
): void {
  const writer = new BinaryWriter().tag(field.number, wireType);
  if (field.enum && wireType === WireType.Varint) {
    writer.int32(numbering.valueFrom(field.enum, new BinaryReader(value).int32()));
  } else writer.raw(value);
  mergeFromBinary(message.desc, message.message, writer.finish());
}

/** Adds the fields that were written as text because they have no number. */
function addText({ desc, message }: ReflectMessage, text: string): void {
  const { message: more } = parseText(desc, text);
  const target = message as Message & Record<string, unknown>;
  for (const { field } of setFields(desc, more)) {
    const value = (more as Message & Record<string, unknown>)[field.localName];
    const before = target[field.localName];
    target[field.localName] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
  }
  // Their places are not known any more: they are printed last.
  const unknown = unknownFieldsOf(more).map((field) => ({ ...field, after: { field: "", index: -1 } }));
  if (unknown.length > 0) setUnknownFields(message, [...unknownFieldsOf(message), ...unknown]);
}
