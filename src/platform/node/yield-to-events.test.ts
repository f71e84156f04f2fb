import { expect, it } from "vitest";
import { yieldToEvents as yieldInBrowsers } from "../browser/index.js";
import { yieldToEvents } from "./index.js";

it.each([
  ["Node", yieldToEvents],
  ["browsers", yieldInBrowsers],
])("yieldToEvents lets timers run in between, in %s", async (_, wait) => {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 1);
  const end = Date.now() + 10_000;
  while (ticks < 3 && Date.now() < end) await wait();
  clearInterval(timer);
  expect(ticks).toBe(3);
});
