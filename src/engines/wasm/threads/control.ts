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
  /** How many of a call's chunks have been taken. */
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
  /** What all threads share. */
  common: 87,
  /** The number of words. */
  size: 96,
} as const;

/**
 * How often a thread looks before it sleeps: some 50 µs, longer than the steps in TypeScript between two runs of
 * kernels take, and as long as it takes to be woken. Much longer would pay on a quiet machine only: on a busy one it would
 * take a core from the thread that is waited for.
 */
export const patience = 5000;

export type ControlWords = typeof control;
