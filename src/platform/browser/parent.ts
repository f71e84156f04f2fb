interface Worker {
  readonly document?: unknown;
  postMessage(message: unknown, transfer: unknown): void;
}

/** The port to the program that started this worker; undefined outside a worker. */
export function portToParent(): Worker | undefined {
  const worker = globalThis as unknown as Worker;
  return worker.document === undefined && typeof worker.postMessage === "function" ? worker : undefined;
}
