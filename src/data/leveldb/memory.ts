import type { ByteSource } from "../../util/files.js";
import { ByteReader, compareBytes, damaged, recordType } from "./format.js";
import { logRecords } from "./log.js";
import type { Entry } from "./table.js";

/** Bytes in front of a batch's records: the number of its first write (8), and how many there are (4). */
const batchHeader = 12;

/** The records of a log, which is in memory whole: LevelDB makes a table of it before it grows large. */
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

/** By key; of one key, the newest first. */
export function compareEntries(a: Entry, b: Entry): number {
  return compareBytes(a.key, b.key) || (a.trailer < b.trailer ? 1 : a.trailer > b.trailer ? -1 : 0);
}
