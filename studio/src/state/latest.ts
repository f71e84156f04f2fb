/**
 * A function that answers only its last call: what is asked while it works waits, and what was asked before that is dropped, with
 * `undefined` as its answer. So a slow answer never replaces a newer one, and questions do not pile up.
 */
export function latest<A extends readonly unknown[], R>(ask: (...args: A) => Promise<R>) {
  let last = 0;
  let working: Promise<unknown> | undefined;
  return async (...args: A): Promise<R | undefined> => {
    const mine = ++last;
    while (working) {
      await working;
      if (mine !== last) return undefined;
    }
    const answer = ask(...args);
    working = answer
      .catch(() => {})
      .then(() => {
        working = undefined;
      });
    const result = await answer;
    return mine === last ? result : undefined;
  };
}
