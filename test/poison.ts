import type { Engine } from "../src/core/engine.js";
import type { Net } from "../src/core/net.js";

/** Fills the memory that blobs of this net will share with NaN, so that a read before the first write is visible. */
export function poisonSharedMemory(net: Net): void {
  const engine = net.engine as { allocate: Engine["allocate"] };
  const allocate = engine.allocate.bind(engine);
  const size = net.execution.memory?.size;
  engine.allocate = (count) => {
    const storage = allocate(count);
    if (count !== size) return storage;
    storage.array.fill(Number.NaN);
    engine.allocate = allocate;
    return storage;
  };
}
