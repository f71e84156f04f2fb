/** Lets the program handle what is waiting: signals, timers, other work. */
export function yieldToEvents(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
