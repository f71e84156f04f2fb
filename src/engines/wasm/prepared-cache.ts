import type { Span } from "../../core/span.js";
import type { Call, Reserve } from "./call.js";
import { type Heap, HeapStorage } from "./heap.js";

/** A call that prepares a constant. `revision` is the constant's revision when the call last ran; `undefined` before. */
export interface Preparation {
  readonly step: number;
  readonly call: Call;
  readonly constant: Span;
  revision: number | undefined;
}

/** The memory for the prepared constants of one program. */
export class PreparedCache {
  readonly #heap: Heap;
  readonly #constants: ReadonlySet<Span>;
  readonly #storages: HeapStorage[] = [];

  constructor(heap: Heap, constants: ReadonlySet<Span>) {
    this.#heap = heap;
    this.#constants = constants;
  }

  readonly allocate: Reserve = (constant, bytes) => {
    // Half of the free memory is left to calls that need it.
    if (!this.#constants.has(constant.root) || 2 * bytes > this.#heap.largest) return undefined;
    const storage = new HeapStorage(this.#heap, Math.ceil(bytes / 4));
    this.#storages.push(storage);
    return { address: storage.address, constant };
  };

  release(): void {
    for (const storage of this.#storages) storage.release();
  }
}
