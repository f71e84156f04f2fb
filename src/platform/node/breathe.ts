/** Lets everything else that waits have its turn: signals, timers, other work of the program. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
