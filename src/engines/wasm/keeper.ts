import type { Span } from "../../core/span.js";
import type { Call, Keep } from "./call.js";
import { type Heap, HeapStorage } from "./heap.js";

/** A call whose results are kept, and of which state of the constant they are; of none, before it has run. */
export interface Preparation {
  readonly step: number;
  readonly call: Call;
  readonly constant: Span;
  revision: number | undefined;
}

/** The memory for what one program prepares of its constants. */
export class Keeper {
  readonly #heap: Heap;
  readonly #constants: ReadonlySet<Span>;
  readonly #storages: HeapStorage[] = [];

  constructor(heap: Heap, constants: ReadonlySet<Span>) {
    this.#heap = heap;
    this.#constants = constants;
  }

  readonly keep: Keep = (constant, bytes) => {
    // Half of what is left is for what cannot do without.
    if (!this.#constants.has(constant.root) || 2 * bytes > this.#heap.largest) return undefined;
    const storage = new HeapStorage(this.#heap, Math.ceil(bytes / 4));
    this.#storages.push(storage);
    return { address: storage.address, constant };
  };

  release(): void {
    for (const storage of this.#storages) storage.release();
  }
}
