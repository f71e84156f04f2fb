import { check } from "./errors.js";

/**
 * The SHA-256 of these bytes.
 *
 * @throws MokaError `MOKA_UNSUPPORTED` without WebCrypto, as in a page that was loaded over http; and for more than 2 GB, which WebCrypto
 *   does not take
 */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  const subtle: typeof crypto.subtle | undefined = globalThis.crypto?.subtle;
  const reason =
    "hashes cannot be computed here: Node has no crypto, or this page came neither over https nor from localhost";
  check(subtle, "MOKA_UNSUPPORTED", reason);
  check(bytes.length < 2 ** 31, "MOKA_UNSUPPORTED", `${bytes.length} bytes are too many to be hashed: 2 GB at most`);
  return new Uint8Array(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
