import { expect, it } from "vitest";
import { createTimes } from "./collectives.js";

it("counts time in which several reductions are in flight once, in whatever order they end", () => {
  const times = createTimes();
  const first = times.begin(100, 0);
  const second = times.begin(50, 2);
  second(5);
  expect(times.sum().seconds).toBe(0);
  first(10);
  expect(times.sum()).toEqual({ calls: 2, bytes: 150, seconds: 10 });
  times.begin(1, 12)(13);
  expect(times.sum()).toEqual({ calls: 3, bytes: 151, seconds: 11 });
});
