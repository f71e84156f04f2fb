/** How the pieces of a call are shared: `each` for every thread, the rest in chunks of `chunk` for whichever is free. */
export interface Shares {
  readonly pieces: number;
  readonly each: number;
  readonly chunk: number;
}

/** The part of a call that is shared evenly: threads find what they computed before in their caches. */
const evenPart = 3 / 4;
/** Chunks of the rest for each thread, at most: the last one to end is late by no more than one. */
const maximumChunks = 4;
/** The most that a thread may have to do, over an even share, if all are equally fast: few chunks do not come out even. */
const maximumExcess = 1.1;

/**
 * Cores are not equally fast, and not always there. Which pieces make a chunk depends on their number and that of threads
 * alone, so that the results are the same whichever thread takes it.
 *
 * @param grain this number of pieces, or more, is worth a call; a call of a few grains is shared evenly
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
