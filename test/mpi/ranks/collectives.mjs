// Each rank makes calls of every kind and checks their results. It prints a digest of all results, which is the same on all ranks.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { connectMpi } from "../../../dist/platform/node/index.js";

const ranks = await connectMpi();
const { rank, size } = ranks;
const digest = createHash("sha256");
const take = (values) => digest.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice());

/** The values of a rank: they depend on nothing but their place, and their sums round. */
const drawn = (of, i) => Math.sin(1 + i + 0.37 * of) * 10 ** ((i + of) % 7);
const shared = new SharedArrayBuffer(1 << 24);

for (const [Type, tolerance] of [
  [Float32Array, 1e-5],
  [Float64Array, 1e-14],
]) {
  for (const length of [0, 1, 2, 3, 5, 7, 15, 16, 17, 1001, 16384, 16385, 65537, 300_007]) {
    for (const memory of [new ArrayBuffer(8 * length + 64), shared]) {
      const values = new Type(memory, 8, length).map((_, i) => drawn(rank, i));
      const inMemory = new Type(memory, 8, length);
      inMemory.set(values);
      await ranks.allReduce(inMemory);
      take(inMemory);
      for (let i = 0; i < length; i += 1 + Math.floor(length / 100)) {
        let [sum, scale] = [0, 0];
        for (let of = 0; of < size; of++) {
          const value = new Type([drawn(of, i)])[0];
          sum += value;
          scale += Math.abs(value);
        }
        assert.ok(
          Math.abs(inMemory[i] - sum) <= tolerance * scale,
          `${Type.name} ${length}: value ${i} is ${inMemory[i]}, not ${sum}`,
        );
      }
    }
  }
}

// The same values give the same bits each time.
const random = Float32Array.from({ length: 99_991 }, (_, i) => drawn(rank, i));
const first = random.slice();
await ranks.allReduce(first);
for (let i = 0; i < 5; i++) {
  const again = random.slice();
  await ranks.allReduce(again);
  assert.deepEqual(again, first);
}

for (const [reduction, expected] of [
  ["sum", (size * (size - 1)) / 2],
  ["max", size - 1],
  ["min", 0],
]) {
  const values = Float64Array.of(rank, -rank);
  await ranks.allReduce(values, reduction);
  assert.equal(values[0], expected, reduction);
}

// Calls in flight together end with their own values, in whatever order they are awaited.
const many = Array.from({ length: 60 }, (_, i) => new Float32Array(i % 3 === 0 ? 50_000 : 10).fill(i + rank));
const calls = many.map((values) => ranks.allReduce(values));
const small = ranks.barrier();
for (const call of calls.toReversed()) await call;
await small;
for (const [i, values] of many.entries())
  assert.ok(values.every((value) => value === size * i + (size * (size - 1)) / 2));

for (let root = 0; root < size; root++) {
  const bytes = new Uint8Array(70_001).fill(rank === root ? root + 7 : 0);
  const one = Float64Array.of(rank === root ? Math.PI * root : 0);
  await Promise.all([
    ranks.broadcast(bytes, root),
    ranks.broadcast(one, root),
    ranks.broadcast(new Uint8Array(), root),
  ]);
  assert.ok(bytes.every((byte) => byte === root + 7));
  assert.equal(one[0], Math.PI * root);
}
const start = new Float32Array(3).fill(rank + 1);
await ranks.broadcast(start);
assert.deepEqual([...start], [1, 1, 1]);

const textOf = (of, k) => new TextEncoder().encode(`rank ${of} `.repeat(of * k));
const gathered = await Promise.all([1, 30_000, 0].map((k) => ranks.gather(textOf(rank, k))));
for (const [i, k] of [1, 30_000, 0].entries()) {
  assert.equal(gathered[i].length, rank === 0 ? size : 0);
  for (const [of, bytes] of gathered[i].entries())
    assert.ok(Buffer.compare(bytes, textOf(of, k)) === 0, `gathered from rank ${of}`);
}

assert.equal(ranks.names.length, size);
assert.match(ranks.names[rank], new RegExp(`^rank ${rank} of ${size} \\(host .*, process ${process.pid}\\)$`));
const { reductionTimes } = ranks;
assert.ok(reductionTimes.calls > 100 && reductionTimes.bytes > 1e7 && reductionTimes.seconds > 0);
process.stdout.write(`results: ${digest.digest("hex")}\n`);
await Promise.all([ranks.close(), ranks.close()]);
await assert.rejects(ranks.barrier(), { code: "MOKA_USAGE", message: /^the ranks were closed/ });
process.stdout.write("closed\n");
