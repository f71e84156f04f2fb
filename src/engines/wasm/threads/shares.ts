/** How the pieces of a call are shared: so many to each thread, the rest in chunks that go to whoever is free. */
export interface Shares {
  readonly pieces: number;
  readonly each: number;
  readonly chunk: number;
}

/** Of a call, this much is shared evenly: threads find what they computed before in their caches. */
const evenly = 3 / 4;
/** Chunks of the rest for each thread, at most: the last one to end is late by no more than one. */
const mostChunks = 4;
/** So much more may a thread have to do than with even shares, if all are equally fast: few chunks do not come out even. */
const unevenly = 1.1;

/**
 * Cores are not equally fast, and not always there. Which pieces make a chunk depends on their number and that of threads
 * alone: whoever takes it, the results are the same.
 *
 * @param least so many pieces, or more, are worth a call; with few of them, all are shared evenly
 */
export function sharesOf(pieces: number, least: number, threads: number): Shares {
  const even = { pieces, each: Math.ceil(pieces / threads), chunk: 1 };
  const units = Math.floor(pieces / least);
  const own = Math.floor((evenly * units) / threads);
  const rest = units - threads * own;
  const rounds = Math.min(mostChunks, Math.floor(rest / threads));
  if (own === 0 || rounds === 0) return even;
  const each = least * own;
  const chunk = least * Math.ceil(rest / (rounds * threads));
  const chunks = Math.ceil((pieces - threads * each) / chunk);
  const most = each + chunk * Math.ceil(chunks / threads);
  return most <= unevenly * even.each ? { pieces, each, chunk } : even;
}
