/**
 * Where the threads of one engine meet: words of 32 bits in the memory they share. Those that several threads write
 * lie 64 bytes apart, each in a cache line of its own.
 */
export const control = {
  /** Counts orders; workers wait for the next. */
  order: 0,
  /** Threads that have come to the barrier, and how often all of them have. */
  arrived: 16,
  meeting: 32,
  /** Threads asleep at the barrier or waiting for an order. */
  asleep: 48,
  /** Not 0 after a call has failed in a worker. */
  failed: 64,
  /** The order: run the calls [from, to) of this program. */
  program: 65,
  programId: 66,
  from: 67,
  to: 68,
  /** The first thread's workspace, and how many bytes lie between two threads'. */
  workspace: 69,
  workspaceStride: 70,
  /** What all threads share. */
  common: 71,
} as const;

export const controlBytes = 4 * 80;

/**
 * How often a thread looks before it sleeps: some 50 µs, longer than the steps in TypeScript between two runs of
 * kernels take, and as long as it takes to be woken.
 */
export const patience = 5000;

export type ControlWords = typeof control;
