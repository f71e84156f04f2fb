import { afterEach, expect, test, vi } from "vitest";
import { inPieces, turnIfDue, yieldToEvents } from "./event-loop.js";

afterEach(() => void vi.unstubAllGlobals());

test.each(["Node", "a page"])("yieldToEvents lets timers run in between, in %s", async (where) => {
  if (where === "a page") vi.stubGlobal("setImmediate", undefined);
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 1);
  const end = Date.now() + 10_000;
  while (ticks < 3 && Date.now() < end) await yieldToEvents();
  clearInterval(timer);
  expect(ticks).toBe(3);
});

test("a turn is due after some work, and then not before more work", async () => {
  await yieldToEvents();
  vi.spyOn(performance, "now").mockReturnValue(performance.now() + 1e6);
  expect(turnIfDue()).toBeInstanceOf(Promise);
  vi.restoreAllMocks();
  await yieldToEvents();
  expect(turnIfDue()).toBeUndefined();
});

test("work in pieces is done to its end", async () => {
  const done: number[] = [];
  await inPieces(
    (function* () {
      for (let i = 0; i < 3; i++) yield void done.push(i);
    })(),
  );
  expect(done).toEqual([0, 1, 2]);
});
