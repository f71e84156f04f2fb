import { MessageChannel } from "node:worker_threads";
import { expect, test } from "vitest";
import { Peer } from "./peer.js";

/** Calls `work` over a port, with these arguments. */
async function over(work: (...args: never[]) => unknown, ...args: unknown[]): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  const messages = () => () => {
    throw new Error("no messages here");
  };
  new Peer(port1, { methods: { work }, messages });
  try {
    return await new Peer(port2, { messages }).call("work", args);
  } finally {
    port1.close();
  }
}

test("a signal: what is aborted here is aborted there, with its reason, which comes back itself", async () => {
  const waits = (signal: AbortSignal) =>
    new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  const controller = new AbortController();
  const reason = new Error("enough");
  setImmediate(() => controller.abort(reason));
  const work = ({ signal }: { signal: AbortSignal }) => waits(signal);
  await expect(over(work, { signal: controller.signal })).rejects.toBe(reason);
  await expect(over(work, { signal: controller.signal })).rejects.toBe(reason);
  const plain = new AbortController();
  setImmediate(() => plain.abort());
  const error = await over(work, { signal: plain.signal }).catch((error: unknown) => error);
  expect(error).toBe(plain.signal.reason);
});

test("a signal that is not aborted leaves nothing behind, and other errors stay themselves", async () => {
  const controller = new AbortController();
  await expect(
    over(
      () => {
        throw new RangeError("too far", { cause: new TypeError("why") });
      },
      { signal: controller.signal },
    ),
  ).rejects.toMatchObject({ name: "RangeError", message: "too far", cause: { name: "TypeError", message: "why" } });
  controller.abort();
});

test("values of every kind", async () => {
  const same = async (value: unknown) => expect(await over((x: unknown) => x, value)).toEqual(value);
  await same(undefined);
  await same(null);
  await same([1, [2, { a: "b", $: 1, root: { notes: [] } }], new Float32Array(2), 3n]);
  await same({ map: new Map([[1, new Set([2])]]), date: new Date(5), url: [new URL("https://a.b/c")] });
  await same(new Uint8Array([1, 2, 3, 4]).subarray(1, 3));
  expect(await over((x: unknown) => x, Buffer.from("abc"))).toEqual(new Uint8Array([97, 98, 99]));
  expect(await over((x: unknown) => x, { __proto__: null, a: 1 })).toEqual({ a: 1 });
});

test("a function that is lent is called in order, as often as it was called there", async () => {
  const seen: unknown[] = [];
  const work = ({ onProgress }: { onProgress: (n: number, values: Float32Array) => void }) => {
    const values = new Float32Array(1);
    for (let i = 0; i < 3; i++) onProgress(i, values.fill(i));
    return "done";
  };
  expect(await over(work, { onProgress: (...args: unknown[]) => void seen.push(args) })).toBe("done");
  expect(seen).toEqual([0, 1, 2].map((i) => [i, Float32Array.of(i)]));
});
