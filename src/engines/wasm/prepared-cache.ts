import type { Span } from "../../core/span.js";
import type { Call, Reserve } from "./call.js";
import { type Heap, HeapStorage } from "./heap.js";

/** A call that prepares a constant. `revision` is the constant's when it last ran; `undefined` before. */
export interface Preparation {
  readonly step: number;
  readonly call: Call;
  readonly constant: Span;
  revision: number | undefined;
}

/** The memory for what one program prepares of its constants. */
export class PreparedCache {
  readonly #heap: Heap;
  readonly #constants: ReadonlySet<Span>;
  readonly #storages: HeapStorage[] = [];

  constructor(heap: Heap, constants: ReadonlySet<Span>) {
    this.#heap = heap;
    this.#constants = constants;
  }

  readonly allocate: Reserve = (constant, bytes) => {
    // The other half of the free memory is left to calls that cannot do without it.
    if (!this.#constants.has(constant.root) || 2 * bytes > this.#heap.largest) return undefined;
    const storage = new HeapStorage(this.#heap, Math.ceil(bytes / 4));
    this.#storages.push(storage);
    return { address: storage.address, constant };
  };

  release(): void {
    for (const storage of this.#storages) storage.release();
  }
}
