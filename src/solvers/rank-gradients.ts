import type { Communicator } from "../core/communicator.js";
import { type Bucket, bucketsOf } from "../core/gradient-buckets.js";
import type { Net } from "../core/net.js";
import type { Storage } from "../core/span.js";

/** Gradients that lie side by side in one piece of memory, which one message sums. */
interface Message {
  readonly storage: Storage;
  /** Whether backward has computed all of its gradients in this iteration. */
  isReady: boolean;
  /** The promise of the sum, from the time when it began in this iteration. */
  sum: Promise<void> | undefined;
}

/** Gradients start at multiples of this many values, so that kernels read them aligned. */
const alignment = 16;

/**
 * Sums a net's gradients over all ranks, bucket by bucket, while backward goes on below: the gradients of each bucket are moved
 * to one piece of memory, so that nothing is copied. The update divides the sums by the number of ranks, as Caffe does.
 */
export class RankGradients {
  readonly #communicator: Communicator;
  readonly #messages: readonly Message[];
  readonly buckets: readonly Bucket[];
  #isLast = false;
  /** The number of messages that were sent in this iteration. */
  #sent = 0;

  constructor(net: Net, communicator: Communicator) {
    this.#communicator = communicator;
    this.buckets = bucketsOf(net.nodes, net.learnables);
    this.#messages = this.buckets.map((bucket) => ({
      storage: moveTogether(net, bucket),
      isReady: false,
      sum: undefined,
    }));
    const groups = this.buckets.map(({ learnables }, i) => ({
      spans: learnables.map(({ tensor }) => tensor.diff),
      ready: () => this.#isReady(i),
    }));
    net.announceGradients(groups);
  }

  /** The next backward is the last one before the update: its gradients are summed as soon as they are computed. */
  expectLast(): void {
    this.#isLast = true;
  }

  /** Resolves when all gradients are summed; those that backward did not announce are sent now. */
  async finish(): Promise<void> {
    this.#isLast = false;
    this.#sendWhile(() => true);
    const sums = this.#messages.map(({ sum }) => sum);
    this.#sent = 0;
    for (const message of this.#messages) Object.assign(message, { isReady: false, sum: undefined });
    await Promise.all(sums);
  }

  release(): void {
    for (const { storage } of this.#messages) storage.release();
  }

  #isReady(index: number): void {
    if (!this.#isLast) return;
    (this.#messages[index] as Message).isReady = true;
    this.#sendWhile(({ isReady }) => isReady);
  }

  /**
   * Sends the next messages for which `isDue` is true. Their order is that of the buckets on every rank: the program of a rank with
   * another engine, other shapes, or layers that were run one by one, may complete them in another.
   */
  #sendWhile(isDue: (message: Message) => boolean): void {
    for (; this.#sent < this.#messages.length; this.#sent++) {
      const message = this.#messages[this.#sent] as Message;
      if (!isDue(message)) return;
      message.sum = this.#communicator.allReduce(message.storage.array);
      message.sum.catch(() => {}); // `finish` throws its error
    }
  }
}

/** Moves the gradients of a bucket to one piece of memory. */
function moveTogether({ engine }: Net, { learnables }: Bucket): Storage {
  let count = 0;
  const offsets = learnables.map(({ tensor }) => {
    const offset = count;
    count += Math.ceil(tensor.count / alignment) * alignment;
    return offset;
  });
  const storage = engine.allocate(count);
  learnables.forEach(({ tensor }, i) => {
    tensor.diff.root.place({ storage, offset: offsets[i] ?? 0, holdsValues: () => true }, true);
  });
  return storage;
}
