import type { WorkOptions } from "../util/work.js";
import type { SolverBase, SolverEvents } from "./solver-base.js";

/** An event of `solver.run`: what a listener is told, and the event's name as `type`. */
export type SolverEvent = { [E in keyof SolverEvents]: { readonly type: E } & SolverEvents[E] }[keyof SolverEvents];

export interface SolverRunOptions extends WorkOptions {
  /** The number of updates to make. Default: all until `max_iter`, with the last snapshot and test. */
  readonly iterations?: number | undefined;
}

/** Does work that is done part by part, to its end. */
export async function finish(parts: AsyncIterable<void>): Promise<void> {
  for await (const _ of parts);
}

/**
 * The events of a solver's work that is done part by part. A part begins when the next event is asked for and there is none
 * left. What happened before an error is told before the error.
 *
 * @param takeTurn does a part when it may begin
 */
export async function* eventsOf(
  solver: SolverBase,
  parts: AsyncGenerator<void>,
  takeTurn: (part: () => Promise<boolean>) => Promise<boolean>,
): AsyncGenerator<SolverEvent, void, undefined> {
  try {
    for (let isLast = false; !isLast; ) {
      const events: SolverEvent[] = [];
      try {
        isLast = await takeTurn(async () => {
          const stopListening = listen(solver, (event) => void events.push(event));
          try {
            return (await parts.next()).done === true;
          } finally {
            stopListening();
          }
        });
      } finally {
        yield* events;
      }
    }
  } finally {
    await parts.return(undefined);
  }
}

/** Calls `heard` at every event, until the function is called that it returns. */
function listen(solver: SolverBase, heard: (event: SolverEvent) => void): () => void {
  const ends = [
    solver.on("iteration", (event) => heard({ type: "iteration", ...event })),
    solver.on("test", (event) => heard({ type: "test", ...event })),
    solver.on("snapshot", (event) => heard({ type: "snapshot", ...event })),
  ];
  return () => {
    for (const end of ends) end();
  };
}
