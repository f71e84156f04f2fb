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

/**
 * Cores are not equally fast, and not always there. Which pieces make a chunk depends on their number and that of threads
 * alone: whoever takes it, the results are the same.
 *
 * @param least so many pieces, or more, are worth a call; with few of them, all are shared evenly
 */
export function sharesOf(pieces: number, least: number, threads: number): Shares {
  const units = Math.floor(pieces / least);
  const each = Math.floor((evenly * units) / threads);
  const rest = units - threads * each;
  const chunks = threads * Math.min(mostChunks, Math.floor(rest / threads));
  if (each === 0 || chunks === 0) return { pieces, each: Math.ceil(pieces / threads), chunk: 1 };
  return { pieces, each: least * each, chunk: least * Math.ceil(rest / chunks) };
}
