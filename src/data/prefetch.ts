/** What batches are made of, in the order in which a net takes them. `Position` is plain JSON. */
export interface BatchSource<Item, Position> {
  /** Where the next batch begins. */
  readonly position: Position;
  /**
   * Passes over one batch. What takes long, reading and decoding, is begun for every item of it and not waited for;
   * nothing random is drawn but what decides which items these are. Each promise is `begun`.
   */
  collect(): Promise<readonly Promise<Item>[]>;
  /**
   * Goes where `position` was taken.
   *
   * @throws MokaError MOKA_DATA if it is no position, or not there
   */
  moveTo(position: unknown): Promise<void>;
}

/** The same promise, whose failure may wait until somebody asks for it. */
export function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

/** A batch under way. Its promise never rejects, so that nobody need listen before its turn comes. */
interface Ahead<Item, Position> {
  readonly position: Position;
  readonly result: Promise<{ readonly items: readonly Item[] } | { readonly error: unknown }>;
}

/**
 * Has the batches that come next read and decoded while the net is at work on this one, as Caffe's prefetching thread
 * does. What is drawn for each item, its crop and whether it is mirrored, is drawn when the batch is used: looking
 * ahead changes no numbers, and a failure comes up with the batch it belongs to.
 */
export class Prefetcher<Item, Position> {
  readonly #source: BatchSource<Item, Position>;
  readonly #depth: number;
  readonly #queue: Ahead<Item, Position>[] = [];
  /** The batch being collected: one at a time, as they come from one place. */
  #collecting: Promise<void> | undefined;
  #filling: Promise<void> | undefined;
  #isHalted = false;

  /** @param depth how many batches are kept under way besides the one in use */
  constructor(source: BatchSource<Item, Position>, depth: number) {
    this.#source = source;
    this.#depth = depth;
  }

  /** Where the batch begins that `next` will give. */
  get position(): Position {
    return this.#queue[0]?.position ?? this.#source.position;
  }

  /** The items of the next batch; those behind it are begun before this returns. */
  async next(): Promise<readonly Item[]> {
    while (this.#queue.length === 0) await this.#collect();
    const result = await this.#queue.shift()?.result;
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = undefined;
    });
    if (!result || "error" in result) throw result?.error;
    return result.items;
  }

  /** Goes where `position` was taken; stays where it is if that cannot be. */
  async moveTo(position: unknown): Promise<void> {
    const before = this.position;
    await this.stop();
    try {
      await this.#source.moveTo(position);
    } catch (error) {
      await this.#source.moveTo(before);
      throw error;
    }
  }

  /** Forgets what is under way. When this is done, the source may be closed. */
  async stop(): Promise<void> {
    this.#isHalted = true;
    await this.#filling;
    await this.#collecting;
    await Promise.all(this.#queue.map(({ result }) => result));
    this.#queue.length = 0;
    this.#isHalted = false;
  }

  async #fill(): Promise<void> {
    while (this.#queue.length < this.#depth && !this.#isHalted) await this.#collect();
  }

  /** Begins one batch more; done when the source has passed over it. */
  #collect(): Promise<void> {
    this.#collecting ??= this.#begin();
    return this.#collecting;
  }

  async #begin(): Promise<void> {
    const { position } = this.#source;
    const items = this.#source.collect();
    const result = items.then((each) => Promise.all(each));
    this.#queue.push({
      position,
      result: result.then(
        (all) => ({ items: all }),
        (error: unknown) => ({ error }),
      ),
    });
    await items.catch(() => {}); // it comes up when the batch is taken
    this.#collecting = undefined;
  }
}
