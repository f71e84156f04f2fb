import type { Message } from "@bufbuild/protobuf";

/**
 * The four fields of BlobProto that hold numbers. They are stored beside the message as typed arrays: a JavaScript
 * array would take 8 bytes or more per value.
 */
export interface FieldValues {
  readonly data?: Float32Array | undefined;
  readonly diff?: Float32Array | undefined;
  readonly doubleData?: Float64Array | undefined;
  readonly doubleDiff?: Float64Array | undefined;
}

const valuesOf = new WeakMap<Message, FieldValues>();

/** Keeps the values of the number fields beside `blob`, as the reader of binary files does. */
export function keepFieldValues(blob: Message, values: FieldValues): void {
  valuesOf.set(blob, values);
}

/** The values that are kept beside a message; undefined if there are none. */
export function keptFieldValues(blob: Message): FieldValues | undefined {
  return valuesOf.get(blob);
}
