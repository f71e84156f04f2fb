import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { stoppable, upTo, type WorkProgress, watched } from "./work.js";

test("work in parts reports its beginning and each part, from where it begins", async () => {
  const seen: WorkProgress[] = [];
  const items: string[] = [];
  const work = { onProgress: (progress: WorkProgress) => void seen.push(progress) };
  for await (const item of watched(["a", "b"], { what: "records", total: 5, done: 3 }, work)) items.push(item);
  expect(items).toEqual(["a", "b"]);
  expect(seen).toEqual([3, 4, 5].map((done) => ({ what: "records", done, total: 5 })));
});

test("an abort ends it before the next part, and closes the source of the parts", async () => {
  let closed = false;
  async function* source() {
    try {
      yield* upTo(9);
    } finally {
      closed = true;
    }
  }
  const control = new AbortController();
  const done: number[] = [];
  const run = async () => {
    for await (const item of watched(source(), { what: "images", total: 9 }, control)) {
      done.push(item);
      if (item === 2) control.abort();
    }
  };
  await expect(run()).rejects.toMatchObject({ name: "AbortError" });
  expect(done).toEqual([0, 1, 2]);
  expect(closed).toBe(true);
});

test("a timer that aborts comes to its turn, though no part waits for anything", async () => {
  const run = async () => {
    for await (const _ of watched(upTo(3e6), { what: "records", total: 3e6 }, { signal: AbortSignal.timeout(1) }));
  };
  await expect(run()).rejects.toMatchObject({ name: "TimeoutError" });
});

test("an abort after the last part, or after the loop was left, is none", async () => {
  const control = new AbortController();
  for await (const item of watched([1, 2], { what: "records", total: 2 }, control)) if (item === 2) control.abort();
  const other = new AbortController();
  for await (const _ of watched([1, 2], { what: "records", total: 2 }, other)) break;
  other.abort();
});

test("a signal that work is done under is let go when it ends, well or not", async () => {
  const control = new AbortController();
  const { signal } = control;
  const listeners = () => getEventListeners(signal, "abort").length;
  let inner: AbortSignal | undefined;
  const result = await stoppable(signal, async (own) => {
    inner = own;
    expect(listeners()).toBe(1);
    return 7;
  });
  expect([result, listeners()]).toEqual([7, 0]);
  await expect(stoppable(signal, () => Promise.reject(new RangeError("x")))).rejects.toThrow(RangeError);
  expect(listeners()).toBe(0);
  control.abort();
  expect(inner?.aborted).toBe(false);
});

test("work under a signal ends with the signal's reason, whatever error the abort made", async () => {
  const control = new AbortController();
  const run = stoppable(control.signal, async (own) => {
    control.abort("enough");
    expect(own?.reason).toBe("enough");
    throw new Error("cannot read x");
  });
  await expect(run).rejects.toBe("enough");
  let began = false;
  const late = stoppable(control.signal, async () => {
    began = true;
  });
  await expect(late).rejects.toBe("enough");
  expect(began).toBe(false);
});
