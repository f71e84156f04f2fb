/** All chunks in one new array. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let filled = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return bytes;
}

/**
 * Compares byte by byte; if one is the beginning of the other, the shorter comes first. Less than 0 if `a` comes before
 * `b`, 0 if they are equal, greater than 0 if `a` comes after `b`. This is the order of keys in LMDB and LevelDB.
 */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** For a message about a file of unknown kind: how it begins, with its first four bytes in hexadecimal digits. */
export function formatStart(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0"));
  return shown.length > 0 ? `it begins with ${shown.join(" ")}` : "the file is empty";
}

/** The bytes that `deflate`, as in gzip, zip, PNG and HDF5, makes of one byte at most. A file that announces more is damaged. */
export const maxDeflateRatio = 1032;
