/** How a text's bytes are read and written again. */
export type Encoding = "utf-8" | "latin1";

export interface DecodedText {
  readonly text: string;
  readonly encoding: Encoding;
}

/**
 * A text that `encodeText` turns into the very same bytes: a byte order mark stays, and what is no UTF-8, as comments
 * in GBK or Latin-1, is taken byte by byte.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), encoding: "utf-8" };
  } catch {
    const parts: string[] = [];
    for (let at = 0; at < bytes.length; at += chunk) {
      parts.push(String.fromCharCode(...bytes.subarray(at, at + chunk)));
    }
    return { text: parts.join(""), encoding: "latin1" };
  }
}

/** @param text of encoding `latin1`: one whose characters are bytes, besides which there may be no others */
export function encodeText(text: string, encoding: Encoding): Uint8Array {
  if (encoding === "utf-8") return new TextEncoder().encode(text);
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** As many arguments as a call can surely have. */
const chunk = 8192;
