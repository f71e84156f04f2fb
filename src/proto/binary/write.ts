import {
  type DescField,
  type DescMessage,
  isMessage,
  type Message,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { concat } from "../../util/bytes.js";
import { check } from "../../util/errors.js";
import { bvlc, hasForkFields, hasOwnNumbers, type Numbering, Numberings, setFields } from "../dialects/index.js";
import { type BlobProto, BlobProtoSchema, NetParameterSchema, SolverStateSchema } from "../gen/caffe_pb.js";
import { readDialectOf, unknownFieldsOf } from "../source.js";
import { fieldValues, numberFields } from "./blob.js";
import { dialectField, encodeForked } from "./write-forked.js";

/** The greatest size of a message in bytes: protocol buffers store it in 31 bits. */
const maxSize = 2 ** 31 - 1;

/** Pieces of fewer bytes are copied into one chunk; longer ones stay views. */
const minViewBytes = 1024;

/**
 * A `.caffemodel` as chunks to be written one after the other, byte for byte as C++ writes it. The numbers of
 * blobs are views of the arrays that hold them, so write the chunks before the net changes. Layers of forks have the numbers of
 * their fork. Fields without a number are written as text, in a field that Caffe skips and Moka reads.
 *
 * @param dialect the fork whose numbers to use; default: that which the net was read as, or else which its fields tell
 * @throws MokaError MOKA_UNSUPPORTED for more than 2 GiB, which the format cannot hold
 */
export const writeNet = /* @__PURE__ */ writerOf(NetParameterSchema);

/** A `.solverstate`, as `writeNet`. */
export const writeSolverState = /* @__PURE__ */ writerOf(SolverStateSchema);

/**
 * A `.binaryproto`, such as a mean image: its bytes, byte for byte as C++ writes it.
 *
 * @example
 * ```ts
 * import { writeFile } from "node:fs/promises";
 *
 * const mean = arrayToBlobProto({ shape: [1, 3, 1, 1], data: Float32Array.of(104, 117, 123) });
 * await writeFile("mean_values.binaryproto", writeBlobProto(mean));
 * ```
 */
export function writeBlobProto(blob: BlobProto): Uint8Array {
  return concat(writeBinary(BlobProtoSchema, blob));
}

function writerOf<Desc extends DescMessage>(schema: Desc) {
  return (message: MessageShape<Desc>, dialect?: string) => writeBinary(schema, message, dialect);
}

/** Any message, as `writeNet`. */
export function writeBinary<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  dialect?: string,
): Uint8Array[] {
  const net = isMessage(message, NetParameterSchema) ? message : undefined;
  const isPlain = dialect === undefined && !(net && readDialectOf(net)) && !hasMore(schema, message);
  const chunks = encode(reflect(schema, message, false), isPlain ? undefined : new Numberings(net, dialect));
  checkSize(chunks.size, schema.name);
  return chunks.finish();
}

/** Joins pieces of a file into chunks; long pieces are not copied. */
class Chunks {
  size = 0;
  readonly #chunks: Uint8Array[] = [];
  readonly #short = new BinaryWriter();

  add(bytes: Uint8Array): void {
    this.size += bytes.length;
    if (bytes.length < minViewBytes) {
      this.#short.raw(bytes);
    } else {
      this.#flush();
      this.#chunks.push(bytes);
    }
  }

  /** Adds the tag and length of a field of `length` bytes. */
  addHeader(no: number, length: number): void {
    this.add(new BinaryWriter().tag(no, WireType.LengthDelimited).uint32(length).finish());
  }

  finish(): Uint8Array[] {
    this.#flush();
    return this.#chunks;
  }

  #flush(): void {
    const bytes = this.#short.finish();
    if (bytes.length > 0) this.#chunks.push(bytes);
  }
}

/** Whether a message has, at any depth, fields of forks, or fields that only its text had. */
function hasMore(schema: DescMessage, message: Message): boolean {
  return hasForkFields(schema, message) || hasTextFields(schema, message);
}

function hasTextFields(schema: DescMessage, message: Message): boolean {
  if (unknownFieldsOf(message).length > 0) return true;
  for (const { field, value } of setFields(schema, message)) {
    if (field.message && hasTextFields(field.message, value as Message)) return true;
  }
  return false;
}

/**
 * Encodes fields in the order of their numbers, then the unknown ones. protobuf-es encodes runs of plain fields.
 *
 * @param numberings for a file with layers of forks; default: all has BVLC's numbers
 */
function encode(message: ReflectMessage, numberings?: Numberings): Chunks {
  const chunks = new Chunks();
  if (numberings) {
    const numbering = numberings.for(message.desc, message.message);
    const isBlob = isMessage(message.message, BlobProtoSchema);
    if ((numbering !== bvlc && !isBlob) || hasMore(message.desc, message.message)) {
      const isNamed = numberings.areMarked && numbering !== bvlc;
      if (isNamed)
        chunks.add(new BinaryWriter().tag(dialectField, WireType.LengthDelimited).string(numbering.name).finish());
      for (const chunk of forked(message.desc, message.message, numbering, numberings)) chunks.add(chunk);
      return chunks;
    }
  }
  let plain: ReflectMessage | undefined;
  const encodePlain = () => {
    if (plain) chunks.add(toBinary(message.desc, plain.message));
    plain = undefined;
  };
  const numbers = isMessage(message.message, BlobProtoSchema) ? fieldValues(message.message) : undefined;

  for (const field of fieldsIn(message)) {
    const name = numbers && numberFields.get(field.number);
    if (name) {
      const values = numbers[name];
      if (!values?.length) continue;
      encodePlain();
      checkSize(values.byteLength, `BlobProto.${field.name}`);
      chunks.addHeader(field.number, values.byteLength);
      chunks.add(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    } else if (!message.isSet(field)) {
      // A field that is not set is not written, whatever its default.
    } else if (field.message && holdsNumbers(field.message)) {
      encodePlain();
      for (const child of submessages(message, field)) {
        const inner = encode(child, numberings);
        checkSize(inner.size, child.desc.name);
        chunks.addHeader(field.number, inner.size);
        for (const chunk of inner.finish()) chunks.add(chunk);
      }
    } else {
      plain ??= reflect(message.desc);
      plain.set(field, message.get(field));
    }
  }
  const unknown = message.getUnknown();
  if (unknown) {
    plain ??= reflect(message.desc);
    plain.setUnknown(unknown);
  }
  encodePlain();
  return chunks;
}

/** The fields that may be set, in the order of their numbers: all of a blob, whose numbers lie elsewhere. */
function fieldsIn(message: ReflectMessage): readonly DescField[] {
  if (isMessage(message.message, BlobProtoSchema)) return message.sortedFields;
  // Layers have hundreds of fields, of which few are set.
  const own = Object.keys(message.message).flatMap((name) => message.desc.field[name] ?? []);
  return own.sort((a, b) => a.number - b.number);
}

/** A message with a fork's numbers. The layers and blobs in it have numbers of their own. */
function forked(schema: DescMessage, message: Message, numbering: Numbering, numberings: Numberings) {
  return encodeForked(schema, message, numbering, (nested, child): readonly Uint8Array[] => {
    if (hasOwnNumbers(nested)) return encode(reflect(nested, child, false), numberings).finish();
    return forked(nested, child, numbering, numberings);
  });
}

function submessages(message: ReflectMessage, field: DescField): Iterable<ReflectMessage> {
  if (field.fieldKind === "message") return [message.get(field)];
  if (field.fieldKind === "list" && field.listKind === "message") return message.get(field) as Iterable<ReflectMessage>;
  throw new TypeError(`${field} is no message`);
}

function checkSize(size: number, what: string): void {
  check(
    size <= maxSize,
    "MOKA_UNSUPPORTED",
    `${what} takes ${size} bytes, and a protobuf file holds at most ${maxSize}; HDF5 holds more`,
  );
}

const numberHolders = new Map<DescMessage, boolean>();

/** Whether a message of this type can contain a BlobProto at any depth. */
function holdsNumbers(message: DescMessage): boolean {
  if (message.typeName === BlobProtoSchema.typeName) return true;
  const answer = numberHolders.get(message);
  if (answer !== undefined) return answer;
  numberHolders.set(message, false); // for a type that contains itself
  const holds = message.fields.some((field) => field.message && holdsNumbers(field.message));
  numberHolders.set(message, holds);
  return holds;
}
