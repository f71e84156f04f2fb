import { concat } from "../../util/bytes.js";
import type { ByteSource } from "../../util/files.js";
import { checksum } from "./checksum.js";
import { damaged, logBlock, pieceHeader, pieceType } from "./format.js";

/**
 * The records of a log or manifest. As in LevelDB, an incomplete record at the end is left out; the writer stopped in
 * between. Other damage is an error, where LevelDB skips the damaged record.
 */
export function* logRecords(source: ByteSource, name: string): Generator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  for (let start = 0; start < source.size; start += logBlock) {
    const block = source.read(start, logBlock);
    const isLast = start + logBlock >= source.size;
    const view = new DataView(block.buffer, block.byteOffset, block.length);
    for (let at = 0; at + pieceHeader <= block.length; ) {
      const length = view.getUint16(at + 4, true);
      const type = view.getUint8(at + 6);
      const end = at + pieceHeader + length;
      if (type === pieceType.none && length === 0) break; // space reserved and not used
      if (end > block.length && isLast) return;
      if (end > block.length || checksum(block.subarray(at + 6, end)) !== view.getUint32(at, true)) {
        throw damaged(name, `the record at byte ${start + at} has a wrong checksum`);
      }
      if (type === pieceType.whole || type === pieceType.first) pieces = [];
      else if (pieces.length === 0) throw damaged(name, `byte ${start + at} continues a record that never began`);
      pieces.push(block.subarray(at + pieceHeader, end));
      if (type === pieceType.whole || type === pieceType.last) {
        const [only] = pieces;
        yield only && pieces.length === 1 ? only : concat(pieces);
        pieces = [];
      }
      at = end;
    }
  }
}
