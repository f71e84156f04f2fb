import { expect, it } from "vitest";
import { breathe as breatheInBrowsers } from "../browser/index.js";
import { breathe } from "./index.js";

it.each([
  ["Node", breathe],
  ["browsers", breatheInBrowsers],
])("breathe lets timers run in between, in %s", async (_, wait) => {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 1);
  const end = Date.now() + 10_000;
  while (ticks < 3 && Date.now() < end) await wait();
  clearInterval(timer);
  expect(ticks).toBe(3);
});
