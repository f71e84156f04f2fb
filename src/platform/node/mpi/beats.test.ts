import { describe, expect, it } from "vitest";
import { type Heard, judge } from "./beats.js";

const names = ["zero", "one", "two"];
const well: Heard = { begun: 10, waitsIn: -1, waited: 0, at: 99.5 };
const judged = (heard: readonly (Heard | undefined)[], stopped = false) => judge(heard, 100, 3, names, () => stopped);

describe("judge", () => {
  it("finds nothing where all were heard and nobody waits long", () => {
    expect(judged([well, { ...well, waitsIn: 9, waited: 2.9 }, { ...well, begun: 9 }])).toBeUndefined();
  });

  it("names the first rank that is silent, and whether its process is stopped", () => {
    const heard = [well, { ...well, at: 96.9 }, { ...well, at: 90 }];
    expect(judged(heard)).toEqual({
      rank: 1,
      what: "has not been heard of for 3 s: it is stopped or hangs, or its host or the network to it is gone",
    });
    expect(judged(heard, true)?.what).toBe("has not been heard of for 3 s: its process is stopped");
  });

  it("names the rank that has not made the call in which another waits", () => {
    const late = judged([{ ...well, waitsIn: 9, waited: 3.1 }, { ...well, begun: 9 }, well]);
    expect(late).toEqual({ rank: 1, what: "has not made call 10, in which zero has waited for 3 s" });
  });

  it("says so where all have made the call", () => {
    const late = judged([well, { ...well, waitsIn: 9, waited: 3.1 }, well]);
    expect(late).toEqual({ rank: 1, what: "has waited for 3 s in call 10, which all ranks have made" });
  });

  it("does not say so where it has not heard of all", () => {
    const waits = { ...well, waitsIn: 9, waited: 3.1 };
    expect(judged([waits, undefined, undefined])).toBeUndefined();
    expect(judged([waits, { ...well, begun: Number.POSITIVE_INFINITY }, well])).toBeUndefined();
    expect(judged([waits, { ...well, begun: Number.POSITIVE_INFINITY }, { ...well, begun: 9 }])?.rank).toBe(2);
  });

  it("leaves out ranks that this one does not hear of", () => {
    expect(judged([{ ...well, at: 90 }, undefined, undefined])?.rank).toBe(0);
    expect(judged([well, undefined, undefined])).toBeUndefined();
  });
});
