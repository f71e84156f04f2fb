import { unzlibSync } from "fflate";

/** Bytes that a build wrote as text: deflated, in Base64. */
export function unpack(text: string): Uint8Array<ArrayBuffer> {
  return unzlibSync(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))) as Uint8Array<ArrayBuffer>;
}
