// What the plantings use of Moka: its public API, and the parts beneath it that write data and weights.

export { encodeImage, recordKey } from "../../dist/data/datum.js";
export { digits } from "../../dist/data/digits/index.js";
export { writeHdf5 } from "../../dist/data/hdf5.js";
export { writeLmdb } from "../../dist/data/lmdb/writer.js";
export { doctor, formatNet, loadArray, Net, parseNet, Solver } from "../../dist/index.js";
export { blobShape, blobValues, makeBlob, readNet, writeNet } from "../../dist/proto/binary/index.js";

/** One thread, so that all machines get the same numbers. */
export const run = { engine: "wasm", threads: 1 };

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The numbers 0 … count − 1 in random order. */
export function permutation(count, random) {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
