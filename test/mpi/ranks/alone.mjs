// One process that no launcher has started.
import assert from "node:assert/strict";
import { connectMpi } from "../../../dist/platform/node/index.js";

const ranks = await connectMpi();
assert.equal(await connectMpi(), ranks);
const values = Float32Array.of(1, 2);
await ranks.allReduce(values);
await ranks.broadcast(values);
assert.deepEqual([...values], [1, 2]);
await ranks.close();
await ranks.close();
process.stdout.write(`${ranks.size} ${ranks.library} closed\n`);
