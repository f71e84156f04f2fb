/**
 * The words of 32 bits, in shared memory, by which the threads of one engine are synchronized. Words that several threads
 * write are 64 bytes apart, each in its own cache line.
 */
export const control = {
  /** The number of orders given. Workers wait until it changes. */
  order: 0,
  /** The number of threads that have reached the barrier, and how often all of them have reached it. */
  arrived: 16,
  meeting: 32,
  /** The number of threads that sleep at the barrier or while they wait for an order. */
  asleep: 48,
  /** The number of chunks of a call that threads have taken. */
  taken: 64,
  /** Not 0 after a call has failed in a worker. */
  failed: 80,
  /** The order: run the calls [from, to) of this program. */
  program: 81,
  programId: 82,
  from: 83,
  to: 84,
  /** The first thread's workspace, and the bytes between two threads'. */
  workspace: 85,
  workspaceStride: 86,
  /** The address of the memory that all threads share. */
  common: 87,
  /** The number of words. */
  size: 96,
} as const;

/**
 * The number of times that a thread reads a word before it sleeps. This takes about 50 µs: longer than the steps in
 * TypeScript between two runs of kernels, and as long as waking a thread. A much larger number helps on an idle machine
 * only. On a busy one it would take a core from the thread that is waited for.
 */
export const patience = 5000;

export type ControlWords = typeof control;
