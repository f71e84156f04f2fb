/** Work goes on for this long, in milliseconds, before events that wait are handled. */
const longestWork = 35;

/** The least time that a piece of work counts, in milliseconds. It covers what the caller does between pieces. */
const leastWork = 0.05;

let lastTurn = performance.now();

/** Milliseconds of work since the clock was last read, as the callers estimate it. Reading it takes as long as a small net. */
let unclocked = 0;

/**
 * Lets the program handle what is waiting: signals, timers, messages, drawing. In a page a message channel is used, because a
 * timer there waits at least 4 ms.
 */
export function yieldToEvents(): Promise<void> {
  return new Promise((resolve) => {
    const proceed = () => {
      lastTurn = performance.now();
      resolve();
    };
    if (typeof setImmediate === "function") {
      setImmediate(proceed);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      proceed();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}

/**
 * A promise to await between pieces of work; events are handled while it waits. It is undefined until 35 ms of work are done.
 *
 * @param work about how long the last piece took, in milliseconds. Default: unknown
 */
export function turnIfDue(work = Number.POSITIVE_INFINITY): Promise<void> | undefined {
  unclocked += work + leastWork;
  if (unclocked < 1) return undefined;
  unclocked = 0;
  return performance.now() - lastTurn < longestWork ? undefined : yieldToEvents();
}

/** Does work that yields between its pieces, and lets events be handled there when it is time. */
export async function inPieces(work: Iterable<unknown>): Promise<void> {
  for (const _ of work) {
    const turn = turnIfDue();
    if (turn) await turn;
  }
}
