/** The division of a call's pieces: `each` for every thread, the rest in chunks of `chunk`, which free threads take. */
export interface Shares {
  readonly pieces: number;
  readonly each: number;
  readonly chunk: number;
}

/** The part of a call that is shared evenly, so that threads find values they computed before in their caches. */
const evenPart = 3 / 4;
/** The most chunks of the rest for each thread. The last thread ends at most one chunk after the others. */
const maximumChunks = 4;
/** The greatest share of a thread relative to an even share, if all are equally fast: few chunks cannot be divided evenly. */
const maximumExcess = 1.1;

/**
 * Divides the pieces of a call. Cores are not equally fast, and not always free. The chunks depend only on the numbers of
 * pieces and threads, so the results are the same whichever thread takes a chunk.
 *
 * @param grain the least number of pieces that is worth a call; a call of only a few grains is shared evenly
 */
export function sharesOf(pieces: number, grain: number, threads: number): Shares {
  const even = { pieces, each: Math.ceil(pieces / threads), chunk: 1 };
  const units = Math.floor(pieces / grain);
  const own = Math.floor((evenPart * units) / threads);
  const rest = units - threads * own;
  const rounds = Math.min(maximumChunks, Math.floor(rest / threads));
  if (own === 0 || rounds === 0) return even;
  const each = grain * own;
  const chunk = grain * Math.ceil(rest / (rounds * threads));
  const chunks = Math.ceil((pieces - threads * each) / chunk);
  const longest = each + chunk * Math.ceil(chunks / threads);
  return longest <= maximumExcess * even.each ? { pieces, each, chunk } : even;
}
