import { expect, test } from "vitest";
import { memoized } from "./memoized.js";

test("a result is computed once for each object, undefined too", () => {
  const asked: object[] = [];
  const ask = memoized((key: { readonly value?: number }) => {
    asked.push(key);
    return key.value;
  });
  const [one, none] = [{ value: 1 }, {}];
  expect([ask(one), ask(none), ask(one), ask(none), ask({ value: 1 })]).toEqual([1, undefined, 1, undefined, 1]);
  expect(asked).toEqual([one, none, { value: 1 }]);
});
