/** Stable codes: a program may test for these, so they are never renamed. */
export type ErrorCode =
  /** Text or binary that cannot be read. */
  | "MOKA_PARSE"
  /** A parameter that is missing, unknown or contradicts another. */
  | "MOKA_FIELD"
  /** A layer type, or a number of bottoms or tops, that does not exist. */
  | "MOKA_LAYER"
  /** A bottom that no layer produces, a top produced twice. */
  | "MOKA_BLOB"
  /** Shapes that do not fit together. */
  | "MOKA_SHAPE"
  /** Weights or solver states that do not belong to this net. */
  | "MOKA_WEIGHTS"
  /** A label outside its classes. */
  | "MOKA_LABEL"
  /** A loss that is no longer finite. */
  | "MOKA_NAN"
  /** A data source that is empty, damaged or of another kind. */
  | "MOKA_DATA"
  /** A file that cannot be opened, read or written. */
  | "MOKA_FILE"
  /** More memory than the engine can hold. */
  | "MOKA_MEMORY"
  /** A worker that failed or ended. */
  | "MOKA_WORKER"
  /** A process of a training on several that failed or ended. */
  | "MOKA_RANK"
  /** An exported or imported net that does not compute what it was made from, or files that are not those of their certificate. */
  | "MOKA_CERTIFICATE"
  /** A feature that Moka lacks, here or everywhere. */
  | "MOKA_UNSUPPORTED"
  /** The call itself is wrong. */
  | "MOKA_USAGE";

/** A place in a text; lines and columns count from 1. */
export interface Place {
  /** The name of the file, if it has one. */
  readonly file?: string | undefined;
  readonly line: number;
  readonly column: number;
}

/** What `moka lint` finds, where it says why a training failed: a finding with the name of its file. */
export interface ErrorFinding extends Place {
  /** The rule's id. */
  readonly rule: string;
  readonly severity: "error" | "warning" | "info";
  /** What is wrong, in one line. */
  readonly message: string;
  /** What it causes, with the numbers of this net. */
  readonly why: string;
}

/** The subject of an error. All fields are optional; place and layer are shown before the message. */
export interface ErrorContext {
  readonly place?: Place | undefined;
  readonly layer?: { readonly name: string; readonly type: string } | undefined;
  readonly cause?: unknown;
  /** The value that was probably meant, where the value at the place is misspelled. */
  readonly meant?: string | undefined;
  /** What lint finds that may be the cause, the most likely first. */
  readonly findings?: readonly ErrorFinding[] | undefined;
}

/**
 * Every error Moka throws on purpose.
 *
 * `message` starts with the place and the layer, if they are known:
 * `deploy.prototxt:88:3: layer "fc6" (InnerProduct): bottom "pool5" has …`.
 *
 * @example
 * ```ts
 * try {
 *   await Net.load("missing.prototxt");
 * } catch (error) {
 *   if (error instanceof MokaError) console.log(error.code); // MOKA_FILE
 * }
 * ```
 */
export class MokaError extends Error {
  /** What kind of error it is. */
  readonly code: ErrorCode;
  /** The message without place and layer. */
  readonly reason: string;
  /** Where in which text; undefined if it is of no text. */
  readonly place: Place | undefined;
  /** The layer that it is about, if it is about one. */
  readonly layer: { readonly name: string; readonly type: string } | undefined;
  /** The value that was probably meant, where the value at the place is misspelled. */
  readonly meant: string | undefined;
  /** Of a loss that is not finite: what lint finds in net, solver and weights that may be the cause, the most likely first. */
  readonly findings: readonly ErrorFinding[];

  constructor(code: ErrorCode, reason: string, context: ErrorContext = {}) {
    const { place, layer, cause, meant, findings = [] } = context;
    const where = place ? `${formatPlace(place)}: ` : "";
    const who = layer ? `layer "${layer.name}" (${layer.type}): ` : "";
    super(where + who + reason, cause === undefined ? undefined : { cause });
    this.name = "MokaError";
    this.code = code;
    this.reason = reason;
    this.place = place;
    this.layer = layer;
    this.meant = meant;
    this.findings = findings;
  }

  /**
   * The same error with the place and layer that it lacks; its own place and layer stay.
   *
   * @example
   * ```ts
   * const error = new MokaError("MOKA_DATA", "it has no records");
   * console.log(error.within({ place: { file: "net.prototxt", line: 3, column: 1 } }).message); // net.prototxt:3:1: it has no records
   * ```
   */
  within(context: ErrorContext): MokaError {
    if (this.place && this.layer) return this;
    return new MokaError(this.code, this.reason, {
      place: this.place ?? context.place,
      layer: this.layer ?? context.layer,
      cause: this.cause ?? context.cause,
      meant: this.meant,
      findings: this.findings,
    });
  }
}

export function formatPlace({ file, line, column }: Place): string {
  return `${file ?? "<text>"}:${line}:${column}`;
}

/** Throws unless `condition` holds. */
export function check(condition: unknown, code: ErrorCode, reason: string): asserts condition {
  if (!condition) throw new MokaError(code, reason);
}

/** The message of anything that was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
