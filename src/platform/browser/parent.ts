interface Worker {
  readonly document?: unknown;
  postMessage(message: unknown, transfer: unknown): void;
}

/** The port to who started this worker; undefined if it is none. */
export function portToParent(): Worker | undefined {
  const worker = globalThis as unknown as Worker;
  return worker.document === undefined && typeof worker.postMessage === "function" ? worker : undefined;
}
