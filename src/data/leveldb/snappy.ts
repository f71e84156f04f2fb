import { ByteReader, damaged } from "./format.js";

/**
 * Decompresses a Snappy block (Google, 2011): the length of the result as a varint, then pieces. A piece is either
 * bytes to copy, or an offset and length of earlier output to repeat.
 */
export function decompressSnappy(bytes: Uint8Array, name: string): Uint8Array {
  const reader = new ByteReader(bytes, name);
  const length = reader.varint();
  // A piece of 3 bytes gives at most 64 bytes, so the result is at most 22 times as long.
  if (length > bytes.length * 32) throw damaged(name, `${bytes.length} bytes cannot become ${length}`);
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
    const offset = kind === 1 ? ((tag >> 5) << 8) | reader.byte() : littleEndian(reader, kind === 2 ? 2 : 4);
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

/** A length of up to 60 is in the tag itself. For a greater one, the tag gives the number of bytes of the length. */
function literalLength(high: number, reader: ByteReader): number {
  return (high < 60 ? high : littleEndian(reader, high - 59)) + 1;
}

function littleEndian(reader: ByteReader, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value += reader.byte() * 256 ** i;
  return value;
}
