/** Stable codes: a program may test for these, so they are never renamed. */
export type ErrorCode =
  | "MOKA_PARSE" // text or binary that cannot be read
  | "MOKA_FIELD" // a parameter that is missing, unknown or contradicts another
  | "MOKA_LAYER" // a layer type, or a number of bottoms or tops, that does not exist
  | "MOKA_BLOB" // a bottom that no layer produces, a top produced twice
  | "MOKA_SHAPE" // shapes that do not fit together
  | "MOKA_WEIGHTS" // weights or solver states that do not belong to this net
  | "MOKA_LABEL" // a label outside its classes
  | "MOKA_NAN" // a loss that is no longer finite
  | "MOKA_DATA" // a data source that is empty, damaged or of another kind
  | "MOKA_FILE" // a file that cannot be opened, read or written
  | "MOKA_MEMORY" // more memory than the engine can hold
  | "MOKA_WORKER" // a worker that failed or ended
  | "MOKA_UNSUPPORTED" // a feature that Moka lacks, here or everywhere
  | "MOKA_USAGE"; // the call itself is wrong

/** A place in a text; lines and columns count from 1. */
export interface Place {
  readonly file?: string | undefined;
  readonly line: number;
  readonly column: number;
}

/** The subject of an error. All fields are optional; place and layer are shown before the message. */
export interface ErrorContext {
  readonly place?: Place | undefined;
  readonly layer?: { readonly name: string; readonly type: string } | undefined;
  readonly cause?: unknown;
}

/**
 * Every error Moka throws on purpose.
 *
 * `message` starts with the place and the layer, if they are known:
 * `deploy.prototxt:88:3: layer "fc6" (InnerProduct): bottom "pool5" has …`.
 */
export class MokaError extends Error {
  readonly code: ErrorCode;
  /** The message without place and layer. */
  readonly reason: string;
  readonly place: Place | undefined;
  readonly layer: { readonly name: string; readonly type: string } | undefined;

  constructor(code: ErrorCode, reason: string, context: ErrorContext = {}) {
    const { place, layer, cause } = context;
    const where = place ? `${formatPlace(place)}: ` : "";
    const who = layer ? `layer "${layer.name}" (${layer.type}): ` : "";
    super(where + who + reason, cause === undefined ? undefined : { cause });
    this.name = "MokaError";
    this.code = code;
    this.reason = reason;
    this.place = place;
    this.layer = layer;
  }

  /** The same error with the place and layer that it lacks; its own place and layer stay. */
  within(context: ErrorContext): MokaError {
    if (this.place && this.layer) return this;
    return new MokaError(this.code, this.reason, {
      place: this.place ?? context.place,
      layer: this.layer ?? context.layer,
      cause: this.cause ?? context.cause,
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
