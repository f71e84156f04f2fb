import { expect, test } from "vitest";
import { Turns, turnsOf } from "./turns.js";

const tick = () => new Promise((resolve) => setTimeout(resolve));

test("turns begin in the order of the calls, each after the one before", async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const piece = (name: string) =>
    turns.take(async () => {
      seen.push(`${name} begins`);
      await tick();
      seen.push(`${name} ends`);
    });
  const all = Promise.all([piece("a"), piece("b"), piece("c")]);
  expect(seen).toEqual(["a begins"]);
  expect(turns.areTaken).toBe(true);
  await all;
  expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  expect(turns.areTaken).toBe(false);
});

test("a turn that fails ends, with its error", async () => {
  const turns = new Turns();
  const failed = turns.take(() => Promise.reject(new Error("no")));
  const next = turns.take(async () => 7);
  await expect(failed).rejects.toThrow("no");
  expect(await next).toBe(7);
});

test("a turn taken by code that the present turn waits for is an error", async () => {
  const turns = new Turns();
  const inner = turns.take(() => turns.inside(() => turns.take(async () => 1)));
  await expect(inner).rejects.toThrow("a layer called its own net during a run");
  expect(await turns.take(async () => 2)).toBe(2);
});

test("all users of one object share its turns", () => {
  const [a, b] = [{}, {}];
  expect(turnsOf(a)).toBe(turnsOf(a));
  expect(turnsOf(a)).not.toBe(turnsOf(b));
});
