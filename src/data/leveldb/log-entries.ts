import { compareBytes } from "../../util/bytes.js";
import type { ByteSource } from "../../util/files.js";
import { ByteReader, damaged, recordType } from "./format.js";
import { logRecords } from "./log.js";
import type { Entry } from "./table.js";

/** Bytes before a batch's records: the number of its first write (8 bytes), and the number of records (4 bytes). */
const batchHeader = 12;

/** All records of a log. They fit in memory: LevelDB converts a log to a table before it becomes large. */
export function logEntries(source: ByteSource, name: string): Entry[] {
  const entries: Entry[] = [];
  for (const batch of logRecords(source, name)) {
    if (batch.length < batchHeader) throw damaged(name, "a record in it is too short");
    const view = new DataView(batch.buffer, batch.byteOffset, batch.length);
    let write = view.getBigUint64(0, true);
    const reader = new ByteReader(batch, name, batchHeader);
    for (let left = view.getUint32(8, true); left > 0; left--, write++) {
      const type = reader.byte();
      if (type !== recordType.value && type !== recordType.deletion) throw damaged(name, `a write of kind ${type}`);
      const key = reader.string();
      const value = type === recordType.value ? reader.string() : new Uint8Array(0);
      entries.push({ key, trailer: write * 256n + BigInt(type), value });
    }
  }
  return entries;
}

/** Compares by key; for equal keys, the newest record comes first. */
export function compareEntries(a: Entry, b: Entry): number {
  return compareBytes(a.key, b.key) || (a.trailer < b.trailer ? 1 : a.trailer > b.trailer ? -1 : 0);
}
