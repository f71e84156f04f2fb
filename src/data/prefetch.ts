/** The source of a data layer's batches, in order. `Position` is plain JSON. */
export interface BatchSource<Item, Position> {
  /** Where the next batch begins. */
  readonly position: Position;
  /**
   * Moves past one batch, and starts to read and decode its items without waiting for them. Random numbers are drawn
   * only to choose the items. Each promise has gone through `ignoreRejection`.
   */
  collect(): Promise<readonly Promise<Item>[]>;
  /**
   * Goes back to a saved `position`.
   *
   * @throws MokaError MOKA_DATA if it is not a position, or does not exist in the source
   */
  moveTo(position: unknown): Promise<void>;
  /** Moves from where all ranks stand together to the first item of this rank's share. */
  enterShare(): Promise<void>;
}

/** Returns `work` itself. Its rejection is no unhandled rejection, even if nobody awaits it yet. */
export function ignoreRejection<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

/** A batch that is being read. Its promise is awaited only when the batch is used. */
interface QueuedBatch<Item, Position> {
  readonly position: Position;
  readonly items: Promise<readonly Item[]>;
}

/**
 * Reads and decodes the next batches while the net works on the current one, as Caffe's prefetching thread does. The
 * random numbers for an item's crop and mirroring are drawn when its batch is used, so prefetching changes no numbers.
 * An error is thrown with the batch it belongs to.
 */
export class Prefetcher<Item, Position> {
  readonly #source: BatchSource<Item, Position>;
  readonly #depth: number;
  readonly #queue: QueuedBatch<Item, Position>[] = [];
  /** The batch being collected. There is one at a time, because the source has one position. */
  #collecting: Promise<void> | undefined;
  #filling: Promise<void> | undefined;
  #isStopping = false;

  /** @param depth the number of batches that are read ahead of the one in use */
  constructor(source: BatchSource<Item, Position>, depth: number) {
    this.#source = source;
    this.#depth = depth;
  }

  /** The position of the batch that `next` will return. */
  get position(): Position {
    return this.#queue[0]?.position ?? this.#source.position;
  }

  /** The items of the next batch. Reading of the batches after it is started before this returns. */
  async next(): Promise<readonly Item[]> {
    while (this.#queue.length === 0) await this.#collect();
    try {
      return (await this.#queue.shift()?.items) ?? [];
    } finally {
      this.#filling ??= this.#fill().finally(() => {
        this.#filling = undefined;
      });
    }
  }

  /**
   * Goes back to a saved `position`; after an error, the position is unchanged.
   *
   * @param isShared whether all ranks stood there together, so that each goes on to its own share. Default false
   */
  async moveTo(position: unknown, isShared = false): Promise<void> {
    const before = this.position;
    await this.stop();
    try {
      await this.#source.moveTo(position);
      if (isShared) await this.#source.enterShare();
    } catch (error) {
      await this.#source.moveTo(before);
      throw error;
    }
  }

  /** Drops the batches read ahead. After this, the source may be closed. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#filling;
    await this.#collecting;
    await Promise.allSettled(this.#queue.map(({ items }) => items));
    this.#queue.length = 0;
    this.#isStopping = false;
  }

  async #fill(): Promise<void> {
    while (this.#queue.length < this.#depth && !this.#isStopping) await this.#collect();
  }

  /** Starts to read one more batch. Resolves when the source has moved past it. */
  #collect(): Promise<void> {
    this.#collecting ??= this.#collectOne();
    return this.#collecting;
  }

  async #collectOne(): Promise<void> {
    const { position } = this.#source;
    const collected = this.#source.collect();
    this.#queue.push({ position, items: ignoreRejection(collected.then((items) => Promise.all(items))) });
    await collected.catch(() => {}); // the error is thrown when the batch is used
    this.#collecting = undefined;
  }
}
