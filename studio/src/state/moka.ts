/**
 * Moka runs in two workers: one answers questions about text (lint, shapes, completion), the other trains and infers. So no
 * answer waits for an iteration, and the page waits for neither.
 */

import { signal } from "@preact/signals";
import { connect, type WorkerMoka } from "moka-caffe/worker";

let answering: WorkerMoka | undefined;
let computing: WorkerMoka | undefined;

/** Whether Moka has answered once: before that, the page waits for its first view. */
export const isReady = signal(false);

/** Moka for questions that are answered in milliseconds. */
export function answers(): WorkerMoka {
  answering ??= connect();
  return answering;
}

/** Moka for training, inference, and other long work. */
export function computes(): WorkerMoka {
  computing ??= connect();
  return computing;
}

/** Ends the computing worker, with all its nets, where it does not answer or has no memory left. The next call starts another. */
export function endComputing(): void {
  computing?.terminate();
  computing = undefined;
}
