import type { Message } from "@bufbuild/protobuf";
import { type FieldValues, keepFieldValues, keptFieldValues } from "../../proto/binary/field-values.js";
import {
  commentsOf,
  type MessageComments,
  type Source,
  setComments,
  setSource,
  setUnknownFields,
  sourceOf,
  type UnknownField,
  unknownFieldsOf,
} from "../../proto/source.js";
import { type ErrorContext, MokaError, type Place } from "../../util/errors.js";
import type { Files } from "../../util/files.js";

/** Where a value is in what was posted: the keys that lead to it. */
type Path = readonly (string | number)[];

/** The kinds of values that a port cannot carry. The data from which they are made again are posted in their place. */
type Kind = "function" | "files" | "signal" | "reason" | "error" | "message" | "url";

/** A value as it is posted. */
export interface Wire {
  readonly value: unknown;
  /** What is not plain data in it, the inner before the outer. */
  readonly notes: readonly (readonly [Path, Kind])[];
}

/** How a side of a port lends what stays with it. */
export interface Lender {
  /** A number under which the other side can use a function or files. */
  lend(target: ((...args: never[]) => unknown) | Files): number;
  lendSignal(signal: AbortSignal): number;
  /** The number of the borrowed signal that was aborted for this reason, if there is one. */
  reasonOf(value: unknown): number | undefined;
}

/** How the other side uses it. */
export interface Borrower {
  function(id: number): (...args: unknown[]) => void;
  files(id: number): Files;
  signal(id: number): AbortController;
  reason(id: number): unknown;
  message(type: string): Message;
}

export interface EncodeOptions {
  /** `lend`: functions can be called from the other side; `drop`: they are left out. */
  readonly functions: "lend" | "drop";
  /** Whether the arrays are given away instead of copied. Arrays that are parts of a larger memory are copied. */
  readonly transfer: boolean;
}

/** A value for a port, and the memory that goes with it. */
export function encode(
  value: unknown,
  lender: Lender,
  { functions, transfer }: EncodeOptions,
): { readonly wire: Wire; readonly transfers: ArrayBuffer[] } {
  const notes: [Path, Kind][] = [];
  const transfers = new Set<ArrayBuffer>();
  const note = (path: Path, kind: Kind, data: unknown) => {
    notes.push([path, kind]);
    return data;
  };
  const all = <T extends object>(object: T, path: Path) =>
    Object.fromEntries(Object.entries(object).map(([key, each]) => [key, walk(each, [...path, key])]));
  const walk = (value: unknown, path: Path): unknown => {
    if (typeof value === "function") {
      if (functions === "drop") return undefined;
      return note(path, "function", lender.lend(value as (...args: never[]) => unknown));
    }
    if (typeof value !== "object" || value === null) return value;
    const reason = lender.reasonOf(value);
    if (reason !== undefined) return note(path, "reason", reason);
    if (value instanceof Error) return note(path, "error", all(errorData(value), path));
    if (ArrayBuffer.isView(value)) return array(value);
    if (value instanceof URL) return note(path, "url", value.href);
    if (value instanceof AbortSignal) {
      const { aborted } = value;
      const reason = aborted ? walk(value.reason, [...path, "reason"]) : undefined;
      return note(path, "signal", { id: lender.lendSignal(value), aborted, reason });
    }
    if (isFiles(value)) return note(path, "files", lender.lend(value));
    if (isMessage(value)) {
      const side: Side = {
        source: plainSource(sourceOf(value)),
        comments: plainComments(commentsOf(value)),
        unknown: unknownFieldsOf(value),
        values: all(keptFieldValues(value) ?? {}, []),
      };
      return note(path, "message", { fields: all(value, [...path, "fields"]), side });
    }
    if (Array.isArray(value)) {
      const isPlain = value.every((each) => typeof each !== "object" && typeof each !== "function");
      return isPlain ? value : value.map((each, i) => walk(each, [...path, i]));
    }
    const prototype = Object.getPrototypeOf(value);
    return prototype === Object.prototype || prototype === null ? all(value, path) : value;
  };
  const array = (view: ArrayBufferView): ArrayBufferView => {
    const isWhole = view.buffer instanceof ArrayBuffer && view.byteLength === view.buffer.byteLength;
    // Posted as it is, a part would take the whole memory along, and shared memory would stay shared.
    const own = isWhole ? view : copyOf(view);
    if (!isWhole || transfer) transfers.add(own.buffer as ArrayBuffer);
    return own;
  };
  return { wire: { value: walk(value, []), notes }, transfers: [...transfers] };
}

/** The value that was posted. */
export function decode({ value, notes }: Wire, borrower: Borrower): unknown {
  const holder = { root: value } as Record<string | number, unknown>;
  for (const [path, kind] of notes) {
    let object = holder;
    let key: string | number = "root";
    for (const next of path) {
      object = object[key] as Record<string | number, unknown>;
      key = next;
    }
    object[key] = revive(kind, object[key], borrower);
  }
  return holder["root"];
}

/** Whether it needs `Borrower.message`. */
export function hasMessages({ notes }: Wire): boolean {
  return notes.some(([, kind]) => kind === "message");
}

function revive(kind: Kind, data: unknown, borrower: Borrower): unknown {
  switch (kind) {
    case "function":
      return borrower.function(data as number);
    case "files":
      return borrower.files(data as number);
    case "reason":
      return borrower.reason(data as number);
    case "url":
      return new URL(data as string);
    case "error":
      return errorOf(data as ErrorData);
    case "signal": {
      const { id, aborted, reason } = data as { id: number; aborted: boolean; reason: unknown };
      const controller = borrower.signal(id);
      if (aborted) controller.abort(reason);
      return controller.signal;
    }
    case "message": {
      const { fields, side } = data as { fields: Message; side: Side };
      const message = Object.assign(borrower.message(fields.$typeName), fields);
      setSource(message, side.source);
      setComments(message, side.comments);
      if (side.unknown.length > 0) setUnknownFields(message, side.unknown);
      if (Object.keys(side.values).length > 0) keepFieldValues(message, side.values);
      return message;
    }
  }
}

/** What a message has beside its fields. */
interface Side {
  readonly source: Source | undefined;
  readonly comments: MessageComments | undefined;
  readonly unknown: readonly UnknownField[];
  readonly values: FieldValues;
}

/** Whether it is one of caffe.proto's. It is told by its name, since a page may do without the schema. */
function isMessage(value: object): value is Message {
  return "$typeName" in value && typeof value.$typeName === "string";
}

interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: unknown;
  /** Of a MokaError. */
  readonly moka:
    | (Pick<MokaError, "code" | "reason" | "findings"> & Pick<ErrorContext, "place" | "layer" | "meant">)
    | undefined;
}

function errorData(error: Error): ErrorData {
  const { name, message, stack, cause } = error;
  if (!(error instanceof MokaError)) return { name, message, stack, cause, moka: undefined };
  const { code, reason, place, layer, meant, findings } = error;
  const of = layer && { name: layer.name, type: layer.type };
  const moka = { code, reason, place: place && plainPlace(place), layer: of, meant, findings };
  return { name, message, stack, cause, moka };
}

function plainSource(source: Source | undefined): Source | undefined {
  if (!source) return undefined;
  const fields = [...(source.fields ?? [])].map(([name, places]) => [name, places.map(plainPlace)] as const);
  return { place: plainPlace(source.place), file: source.file, fields: source.fields && new Map(fields) };
}

/** The comments as data: a parsed message has them from its part of the text, which is not posted. */
function plainComments(comments: MessageComments | undefined): MessageComments | undefined {
  if (!comments) return undefined;
  const { leading, trailing, opening, dangling, values } = comments;
  return { leading, trailing, opening, dangling, values: new Map(values) };
}

/** Without what else an object with a place may have, such as the schema of what stands there. */
function plainPlace({ file, line, column }: Place): Place {
  return { file, line, column };
}

function errorOf({ name, message, stack, cause, moka }: ErrorData): Error {
  const error = moka
    ? new MokaError(moka.code, moka.reason, { ...moka, cause })
    : new Error(message, cause === undefined ? undefined : { cause });
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

function isFiles(value: object): value is Files {
  return fileMethods.every((name) => typeof (value as Record<string, unknown>)[name] === "function");
}

/** The methods of `Files` whose results can be posted: all but `open`. */
export const fileMethods = [
  "resolve",
  "read",
  "readText",
  "write",
  "probe",
  "makeFolder",
  "isFolder",
  "exists",
  "list",
] as const satisfies readonly (keyof Files)[];

/** The same values in memory of their own. */
function copyOf(view: ArrayBufferView): ArrayBufferView {
  const { buffer } = new Uint8Array(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  // Node's Buffer is no class that can be posted.
  const name = view instanceof Uint8Array ? "Uint8Array" : Object.prototype.toString.call(view).slice(8, -1);
  const own: unknown = Reflect.construct(Reflect.get(globalThis, name), [buffer]);
  return own as ArrayBufferView;
}
