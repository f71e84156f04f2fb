import { describe, expect, test } from "vitest";
import { MokaError } from "../../util/errors.js";
import { createMemory, Heap, HeapStorage } from "./heap.js";
import { pageBytes } from "./web-assembly.js";

const limit = 64 * 2 ** 20;

function createHeap(shared: boolean, most = limit): Heap {
  const created = createMemory(shared, most);
  return new Heap(created.memory, 100, created.limit);
}

function failure(run: () => unknown): MokaError {
  try {
    run();
  } catch (error) {
    if (error instanceof MokaError) return error;
  }
  throw new Error("it did not fail as it should");
}

describe.each([
  ["shared", true],
  ["not shared", false],
])("memory that is %s", (_, shared) => {
  test("starts as zeros, and does so when it is used again", () => {
    const heap = createHeap(shared);
    for (let round = 0; round < 3; round++) {
      const storage = new HeapStorage(heap, 1000 + 400 * round);
      expect(storage.array.every((value) => value === 0)).toBe(true);
      storage.array.fill(round + 1);
      storage.release();
    }
  });

  test("growth keeps what is there", () => {
    const heap = createHeap(shared);
    const first = new HeapStorage(heap, 1000);
    first.array.forEach((_value, i) => {
      first.array[i] = i;
    });
    const before = first.array;
    const second = new HeapStorage(heap, 5_000_000);
    expect(heap.buffer.byteLength).toBeGreaterThan(20_000_000);
    expect(first.array).toEqual(Float32Array.from({ length: 1000 }, (_value, i) => i));
    first.array[7] = 70;
    second.array.fill(3);
    expect(first.array[7]).toBe(70);
    expect(before.length, "an array kept across growth").toBe(shared ? 1000 : 0);
  });

  test("grows up to its limit, to the last byte", () => {
    const heap = createHeap(shared, 20 * pageBytes);
    const bytes = heap.largest;
    const storage = new HeapStorage(heap, bytes / 4);
    expect(storage.address + bytes).toBe(20 * pageBytes);
    expect(heap.buffer.byteLength).toBe(20 * pageBytes);
    storage.array[bytes / 4 - 1] = 1;
    expect(heap.largest).toBe(0);
  });

  test("beyond the limit it says what is in use, what was asked for, and what would fit", () => {
    const heap = createHeap(shared);
    const first = new HeapStorage(heap, 4 * 2 ** 20);
    const error = failure(() => new HeapStorage(heap, 16 * 2 ** 20));
    expect(error.code).toBe("MOKA_MEMORY");
    expect(error.message).toBe(
      "64.0 MiB more do not fit: 16.0 MiB of 64.0 MiB are in use, and the largest piece that would fit is 48.0 MiB; " +
        "try a smaller batch or smaller images",
    );
    expect(heap.used, "nothing was taken").toBe(16 * 2 ** 20);
    first.release();
    expect(new HeapStorage(heap, 15 * 2 ** 20).array.length).toBe(15 * 2 ** 20);
  });
});

test("the default limit is just below 4 GiB", () => {
  const { memory, limit: most } = createMemory(true);
  expect(most).toBe(2 ** 32 - pageBytes);
  const heap = new Heap(memory, 0, most);
  const error = failure(() => heap.allocate(2 ** 32));
  expect(error.message).toContain("4096.0 MiB more do not fit: 0.0 MiB of 4095.9 MiB are in use");
});

test("memory given back twice is given back once", () => {
  const heap = createHeap(true);
  const first = new HeapStorage(heap, 16);
  first.release();
  const second = new HeapStorage(heap, 16);
  first.release();
  expect(heap.used).toBe(64);
  expect(new HeapStorage(heap, 16).address).not.toBe(second.address);
});

test("nothing takes no memory", () => {
  const heap = createHeap(true);
  const nothing = new HeapStorage(heap, 0);
  expect(nothing.array).toEqual(new Float32Array(0));
  nothing.release();
  expect(heap.used).toBe(0);
});

test("freed memory cannot be used", () => {
  const heap = createHeap(true);
  const storage = new HeapStorage(heap, 16);
  heap.dispose();
  expect(heap.used).toBe(0);
  expect(failure(() => storage.array).code).toBe("MOKA_USAGE");
  expect(failure(() => new HeapStorage(heap, 16)).code).toBe("MOKA_USAGE");
});
