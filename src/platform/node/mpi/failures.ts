/**
 * How sure a failure is, surest first: a rank that told it, a process that is gone, a rank that is silent or late, an error of
 * MPI, which another rank may have caused.
 */
const kinds = ["told", "died", "silent", "error"] as const;

/** Why the ranks end. */
export interface Reason {
  readonly kind: (typeof kinds)[number];
  /** The rank that is the cause. */
  readonly rank: number;
  /** How long all ranks still collect failures before they settle on one, in seconds. */
  readonly settlesIn: number;
  /** What happened to it, as a sentence goes on after its name: `ended: out of memory`. */
  readonly what: string;
}

/** Of several failures the one that all ranks report: the surest, then that of the lowest rank. */
export function firstOf(reasons: readonly Reason[]): Reason | undefined {
  return reasons.toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || a.rank - b.rank)[0];
}

/**
 * How long failures are collected, in seconds: time for all ranks to look at their processes and messages. An error of MPI may
 * come before what caused it is known.
 */
export const settling = (kind: Reason["kind"]): number => (kind === "error" ? 0.6 : 0.3);

/** MPI sends messages up to about 4 KB without waiting for the receiver. */
export const noticeBytes = 3072;

/** A reason as a message. A text that is too long is cut. */
export function encodeReason(reason: Reason): Uint8Array {
  const encode = (what: string) => new TextEncoder().encode(JSON.stringify({ ...reason, what }));
  const whole = encode(reason.what);
  if (whole.length <= noticeBytes) return whole;
  // A unit of UTF-16 takes at most 6 bytes, as an escape in JSON. A pair of two is not cut in the middle.
  const start = reason.what.slice(0, Math.floor(noticeBytes / 6) - 20).replace(/[\ud800-\udbff]$/, "");
  return encode(`${start}…`);
}

/** @throws Error if the bytes are no reason */
export function decodeReason(bytes: Uint8Array): Reason {
  return JSON.parse(new TextDecoder().decode(bytes)) as Reason;
}
