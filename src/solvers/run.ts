/** The events of a map from their names to what they tell, each with its name as `type`. */
export type EventOf<Events> = { [E in keyof Events]: { readonly type: E } & Events[E] }[keyof Events];

/** Does work that is done part by part, to its end. */
export async function finish(parts: AsyncIterable<void>): Promise<void> {
  for await (const _ of parts);
}

/**
 * The events of work that is done part by part. A part begins when the next event is asked for and there is none left. What
 * happened before an error is told before the error.
 *
 * @param takeTurn does a part when it may begin
 * @param listen calls `heard` at every event, until the function is called that it returns
 */
export async function* eventsOf<Event>(
  parts: AsyncGenerator<void>,
  takeTurn: (part: () => Promise<boolean>) => Promise<boolean>,
  listen: (heard: (event: Event) => void) => () => void,
): AsyncGenerator<Event, void, undefined> {
  try {
    for (let isLast = false; !isLast; ) {
      const events: Event[] = [];
      try {
        isLast = await takeTurn(async () => {
          const stopListening = listen((event) => void events.push(event));
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
