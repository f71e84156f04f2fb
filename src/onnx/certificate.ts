import { check, MokaError, reasonOf } from "../util/errors.js";
import type { Shape } from "../util/shape.js";
import type { BlobError, Difference } from "./blob-error.js";
import type { Dim } from "./model.js";

/** A blob of the Caffe net beside the value of the ONNX model that must be equal to it. */
export interface CertifiedBlob extends BlobError {
  /** The layer of the Caffe net that makes it. */
  readonly layer: string;
  readonly type: string;
  readonly blob: string;
  /** The value's name in ONNX. */
  readonly value: string;
}

/** The first blob, in the order of the Caffe net, that is not the same in ONNX Runtime. */
export interface PartedBlob {
  readonly layer: string;
  readonly type: string;
  readonly blob: string;
  readonly value: string;
  /** Which run, by its place in `runs`. */
  readonly run: number;
  /** Both shapes, where they differ. */
  readonly shapes?: { readonly moka: Shape; readonly onnx: Shape } | undefined;
  /** The place of the largest difference. */
  readonly at?: Difference | undefined;
  readonly relativeError: number;
}

/** Where the values of an input came from. */
export interface CertifiedInput {
  /** `random`: standard normal numbers, from the seed; `zeros`: of inputs that are labels or indices; `given`: see `file`. */
  readonly kind: "given" | "random" | "zeros";
  readonly shape: Shape;
  /** The file of given values, as seen from the certificate. */
  readonly file?: string | undefined;
  /** The SHA-256 of given values, as 32-bit numbers, little-endian. */
  readonly sha256?: string | undefined;
}

/** One run of both. */
export interface CertifiedRun {
  /** The batch size. */
  readonly batch: number;
  readonly inputs: Readonly<Record<string, CertifiedInput>>;
}

/** What came of running the Caffe net in Moka, and the model in ONNX Runtime, on the same inputs. */
export interface OnnxComparison {
  readonly ran: true;
  /** Whether every blob, and every output, is within the tolerance. */
  readonly passed: boolean;
  /** The greatest allowed `relativeError`. */
  readonly tolerance: number;
  /** Of the random inputs. */
  readonly seed: number;
  readonly runs: readonly CertifiedRun[];
  /** Every blob that both have, in the order of the Caffe net, with ONNX Runtime computing each operator as the file has it. */
  readonly blobs: readonly CertifiedBlob[];
  /** The outputs once more, with ONNX Runtime optimizing the file as it does by itself. */
  readonly outputs: readonly CertifiedBlob[];
  /** The first that parts; undefined if none does. */
  readonly parted?: PartedBlob | undefined;
  /** The version of ONNX Runtime. */
  readonly onnxRuntime: string;
}

/** Nothing was run, and why. */
export interface NoComparison {
  readonly ran: false;
  readonly reason: string;
}

/** A file that a certificate is about. */
export interface CertifiedFile {
  readonly kind: "net" | "weights" | "onnx" | "data";
  /** Its path, as seen from the certificate; undefined for what was given without a path. */
  readonly path?: string | undefined;
  /** In hexadecimal; undefined for a message, which has no bytes. */
  readonly sha256?: string | undefined;
}

/** How the Caffe net was read and cut, so that it can be built again. */
export interface CertifiedSettings {
  readonly batch?: number | "dynamic" | undefined;
  readonly shapes?: Readonly<Record<string, Shape>> | undefined;
  readonly cut?: string | undefined;
  readonly dialect?: string | undefined;
  readonly level?: number | undefined;
  readonly stages?: readonly string[] | undefined;
}

/** The form that certificates have now. A change that old readers would take wrongly gets the next number. */
export const certificateFormat = 1;

/** What was checked of an ONNX model and a Caffe net that must compute the same: the content of `<model>.certificate.json`. */
export interface Certificate {
  /** The form of this file: 1. */
  readonly format: number;
  /** `export`: the model was written from the net; `import`: the net from the model. */
  readonly direction: "export" | "import";
  /** The version of Moka. */
  readonly moka: string;
  /** Of ONNX's operators, and of its file format. */
  readonly opset: number;
  readonly irVersion: number;
  /** The files, with their hashes. */
  readonly files: readonly CertifiedFile[];
  readonly settings: CertifiedSettings;
  /** The model's inputs and outputs with their sizes; a size that a run may choose is a name. */
  readonly inputs: Readonly<Record<string, readonly Dim[]>>;
  readonly outputs: Readonly<Record<string, readonly Dim[]>>;
  /** The batch: any size, or the one that is fixed, with the reason where none was asked for. */
  readonly batch: { readonly dynamic: boolean; readonly size: number; readonly reason?: string | undefined };
  readonly comparison: OnnxComparison | NoComparison;
  /** What is not exactly Caffe's. */
  readonly approximations: readonly CertifiedNote[];
  /** Layers that became something else, or nothing. */
  readonly notes: readonly CertifiedNote[];
  /** The layers that were folded into others. */
  readonly folded: readonly string[];
  /** Blobs that have other names in ONNX: each version of a blob that layers change in place has its own. */
  readonly named: readonly { readonly blob: string; readonly name: string; readonly layer: string }[];
  /** The command that checks all this again. */
  readonly verify: string;
}

/** A fact about one layer. */
export interface CertifiedNote {
  readonly layer: string;
  readonly type: string;
  readonly text: string;
}

/** The text of a certificate's file. */
export function formatCertificate(certificate: Certificate): string {
  return `${JSON.stringify(certificate, undefined, 2)}\n`;
}

/**
 * Reads a certificate.
 *
 * @param origin its file, for errors
 * @throws MokaError `MOKA_PARSE` for a text that is none, `MOKA_UNSUPPORTED` for a form that this version of Moka does not know
 */
export function parseCertificate(text: string, origin: string): Certificate {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MokaError("MOKA_PARSE", `${origin} is no certificate, or is damaged: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  const format = isObject(value) ? value.format : undefined;
  check(
    typeof format !== "number" || format <= certificateFormat,
    "MOKA_UNSUPPORTED",
    `${origin} has the format ${format}, and this version of Moka reads ${certificateFormat}: use a newer one`,
  );
  const wrong = certificate("", value);
  check(wrong === undefined, "MOKA_PARSE", `${origin} is no certificate, or is damaged: ${wrong}`);
  return value as Certificate;
}

/** Says what is wrong with a value; undefined if it is right. */
type Check = (place: string, value: unknown) => string | undefined;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const a =
  (what: string, is: (value: unknown) => boolean): Check =>
  (place, value) =>
    is(value) ? undefined : `${place} must be ${what}`;
const text = a("a text", (value) => typeof value === "string");
const number = a("a number, 0 or more", (value) => typeof value === "number" && value >= 0);
const whole = a("a whole number, 0 or more", (value) => Number.isSafeInteger(value) && Number(value) >= 0);
const integer = a("a whole number", Number.isSafeInteger);
const flag = a("true or false", (value) => typeof value === "boolean");
const word = (...words: readonly unknown[]): Check => a(words.join(" or "), (value) => words.includes(value));
const either =
  (...checks: readonly Check[]): Check =>
  (place, value) => {
    const wrong = checks.map((each) => each(place, value));
    return wrong.includes(undefined) ? undefined : wrong[0];
  };
const optional = (of: Check): Check => either(of, (_, value) => (value === undefined ? undefined : ""));
const list =
  (of: Check): Check =>
  (place, value) =>
    Array.isArray(value) ? first(value.map((each, i) => of(`${place}[${i}]`, each))) : `${place} must be a list`;
const map =
  (of: Check): Check =>
  (place, value) =>
    isObject(value)
      ? first(Object.entries(value).map(([name, each]) => of(`${place}.${name}`, each)))
      : `${place} must be an object`;
const fields =
  (of: Readonly<Record<string, Check>>): Check =>
  (place, value) =>
    isObject(value)
      ? first(Object.entries(of).map(([name, each]) => each(place === "" ? name : `${place}.${name}`, value[name])))
      : `${place || "it"} must be an object`;

function first(wrong: readonly (string | undefined)[]): string | undefined {
  return wrong.find((each) => each !== undefined);
}

const shape = list(whole);
const blob = fields({
  layer: text,
  type: text,
  blob: text,
  value: text,
  maxError: number,
  meanError: number,
  relativeError: number,
});
const note = fields({ layer: text, type: text, text });
const input = fields({ kind: word("given", "random", "zeros"), shape, file: optional(text), sha256: optional(text) });
const comparison = fields({
  ran: word(true),
  passed: flag,
  tolerance: number,
  seed: whole,
  runs: list(fields({ batch: whole, inputs: map(input) })),
  blobs: list(blob),
  outputs: list(blob),
  onnxRuntime: text,
});
const certificate = fields({
  format: word(1),
  direction: word("export", "import"),
  moka: text,
  opset: whole,
  irVersion: whole,
  files: list(fields({ kind: word("net", "weights", "onnx", "data"), path: optional(text), sha256: optional(text) })),
  settings: fields({
    batch: optional(either(whole, word("dynamic"))),
    shapes: optional(map(shape)),
    cut: optional(text),
    dialect: optional(text),
    level: optional(integer),
    stages: optional(list(text)),
  }),
  inputs: map(list(either(text, whole))),
  outputs: map(list(either(text, whole))),
  batch: fields({ dynamic: flag, size: whole, reason: optional(text) }),
  comparison: either(comparison, fields({ ran: word(false), reason: text })),
  approximations: list(note),
  notes: list(note),
  folded: list(text),
  named: list(fields({ blob: text, name: text, layer: text })),
  verify: text,
});
