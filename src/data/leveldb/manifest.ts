import { MokaError } from "../../util/errors.js";
import type { ByteSource } from "../../util/files.js";
import { ByteReader, comparator, damaged, keyTrailer, manifestTag } from "./format.js";
import { logRecords } from "./log.js";

/** A table as listed in the manifest; `smallest` and `largest` are the user's keys. */
export interface TableInfo {
  readonly number: number;
  readonly size: number;
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
}

/** The tables and logs of a database. */
export interface Version {
  /** The tables of each level, in no order. Only those of level 0 may overlap. */
  readonly levels: readonly (readonly TableInfo[])[];
  /** The logs to read: those with this number or a greater one, and `previousLog`. */
  readonly logNumber: number;
  readonly previousLog: number;
}

/** A higher level means a damaged file; LevelDB has 7 levels. */
const maxLevels = 64;

/** Applies all changes in the manifest. */
export function readManifest(source: ByteSource, name: string): Version {
  const levels: Map<number, TableInfo>[] = [];
  let logNumber = 0;
  let previousLog = 0;
  const level = (number: number) => {
    if (number >= maxLevels) throw damaged(name, `it names level ${number}`);
    while (levels.length <= number) levels.push(new Map());
    return levels[number] as Map<number, TableInfo>;
  };
  for (const record of logRecords(source, name)) {
    const reader = new ByteReader(record, name);
    while (!reader.isAtEnd) {
      const field = reader.varint();
      if (field === manifestTag.comparator) checkComparator(reader.string(), name);
      else if (field === manifestTag.log) logNumber = reader.varint();
      else if (field === manifestTag.previousLog) previousLog = reader.varint();
      else if (field === manifestTag.nextFile || field === manifestTag.lastWrite) reader.varint();
      else if (field === manifestTag.pointer) [reader.varint(), reader.string()];
      else if (field === manifestTag.deleted) level(reader.varint()).delete(reader.varint());
      else if (field === manifestTag.added) {
        const tables = level(reader.varint());
        const number = reader.varint();
        const size = reader.varint();
        tables.set(number, { number, size, smallest: userKey(reader, name), largest: userKey(reader, name) });
      } else throw damaged(name, `it has an entry of unknown kind ${field}`);
    }
  }
  return { levels: levels.map((tables) => [...tables.values()]), logNumber, previousLog };
}

function userKey(reader: ByteReader, name: string): Uint8Array {
  const key = reader.string();
  if (key.length < keyTrailer) throw damaged(name, "a key in it is too short");
  return key.subarray(0, key.length - keyTrailer);
}

function checkComparator(bytes: Uint8Array, name: string): void {
  const found = new TextDecoder().decode(bytes);
  if (found === comparator) return;
  throw new MokaError("MOKA_UNSUPPORTED", `${name}: its keys have an order that is not supported, "${found}"`);
}
