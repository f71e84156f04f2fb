/** The encoding of a text in a file. */
export type Encoding = "utf-8" | "latin1";

export interface DecodedText {
  readonly text: string;
  readonly encoding: Encoding;
}

/**
 * Decodes a text so that `encodeText` gives exactly the same bytes. A byte order mark stays. A text that is not UTF-8,
 * for example with comments in GBK or Latin-1, is decoded byte by byte.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), encoding: "utf-8" };
  } catch {
    // Decodes chunks: an array with a text for each byte of a large file would not fit into memory.
    const chunks = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, i) =>
      String.fromCharCode(...bytes.subarray(i * chunk, (i + 1) * chunk)),
    );
    return { text: chunks.join(""), encoding: "latin1" };
  }
}

/** @param text with `latin1`, its characters must all be in the range of a byte, U+0000 to U+00FF */
export function encodeText(text: string, encoding: Encoding): Uint8Array {
  if (encoding === "utf-8") return new TextEncoder().encode(text);
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The number of bytes that one call decodes: the number of arguments of a call is limited. */
const chunk = 8192;
