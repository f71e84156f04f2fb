import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import type { Mpi } from "./functions.js";
import { createRequests } from "./requests.js";
import { shared, slots, state, word } from "./shared.js";

/** Requests that end when `isOver()`. */
function create(isOver: () => boolean) {
  const memory = shared();
  const test = () => {
    memory.words[word.flag] = isOver() ? 1 : 0;
    return 0;
  };
  const mpi = { test, addressOf: () => 0, constants: {} } as unknown as Mpi;
  const none = () => {};
  return { memory, requests: createRequests(mpi, memory, none, none) };
}

it("uses the places of requests again", async () => {
  const { memory, requests } = create(() => true);
  for (let i = 0; i < 3 * slots; i++) await requests.begin(i, true, undefined, () => 0);
  expect(memory.words[word.slots]).toBe(1);
  expect(memory.states[0]).toBe(state.free);
});

it("refuses more requests than it has places", async () => {
  const { requests } = create(() => false);
  const calls = Array.from({ length: slots + 1 }, (_, i) => requests.begin(i, false, undefined, () => 0));
  await expect(calls.at(-1)).rejects.toMatchObject({ code: "MOKA_RANK" });
  requests.fail(new Error("over"));
  const settled = await Promise.allSettled(calls);
  expect(settled.every(({ status }) => status === "rejected")).toBe(true);
});

it("keeps the arrays of calls that failed, since MPI may still write to them", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const { requests } = create(() => false);
  const begin = () => {
    const values = new Float32Array(1000);
    return { values: new WeakRef(values), call: requests.begin(0, false, values, () => 0) };
  };
  const { values, call } = begin();
  requests.fail(new Error("a rank was lost"));
  await expect(call).rejects.toThrow("a rank was lost");
  // A reference that was made in this turn of the event loop holds its target until the next.
  await new Promise((resolve) => setTimeout(resolve, 10));
  collectGarbage();
  expect(values.deref()).toBeDefined();
  expect(requests).toBeDefined();
});
