import { ByteReader, damaged } from "./format.js";

/**
 * Decompresses a block of Snappy (Google, 2011): its length as a varint, then pieces that are either bytes to take over
 * or a stretch of what came out before, to be repeated.
 */
export function unsnappy(bytes: Uint8Array, name: string): Uint8Array {
  const reader = new ByteReader(bytes, name);
  const length = reader.varint();
  // The most a piece can give is 64 bytes for 3.
  if (length > bytes.length * 32) throw damaged(name, `${bytes.length} bytes promise to become ${length}`);
  const result = new Uint8Array(length);
  let filled = 0;
  while (!reader.isAtEnd) {
    const tag = reader.byte();
    const kind = tag & 3;
    if (kind === 0) {
      const literal = reader.take(literalLength(tag >> 2, reader));
      if (literal.length > length - filled) throw damaged(name, "it becomes longer than it says");
      result.set(literal, filled);
      filled += literal.length;
      continue;
    }
    const count = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const offset = kind === 1 ? ((tag >> 5) << 8) | reader.byte() : little(reader, kind === 2 ? 2 : 4);
    if (offset === 0 || offset > filled) throw damaged(name, "it repeats what is not there");
    if (count > length - filled) throw damaged(name, "it becomes longer than it says");
    if (offset >= count) {
      result.copyWithin(filled, filled - offset, filled - offset + count);
      filled += count;
    } else {
      for (const end = filled + count; filled < end; filled++) result[filled] = result[filled - offset] ?? 0;
    }
  }
  if (filled !== length) throw damaged(name, "it becomes shorter than it says");
  return result;
}

/** Up to 60 bytes stand in the tag itself; beyond, it says in how many bytes the length follows. */
function literalLength(high: number, reader: ByteReader): number {
  return (high < 60 ? high : little(reader, high - 59)) + 1;
}

function little(reader: ByteReader, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value += reader.byte() * 256 ** i;
  return value;
}
