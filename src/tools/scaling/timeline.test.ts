import { describe, expect, test } from "vitest";
import { play, type RankEvent } from "./timeline.js";

const compute = (seconds: number): RankEvent => ({ kind: "compute", seconds });
const bucket = (bytes: number): RankEvent => ({ kind: "bucket", bytes });
const wait = (bytes: number): RankEvent => ({ kind: "wait", bytes });

/** A message takes 1 s, and 1 s for each byte. */
const costOf = (bytes: number) => ({ latency: 1, transfer: bytes });
const full = { alone: 1, sending: 1 };

function expectPlayed(events: readonly RankEvent[], expected: object, rates = full): void {
  const outcome = play(events, costOf, rates);
  for (const [name, value] of Object.entries(expected)) {
    expect([name, Reflect.get(outcome, name)]).toEqual([name, expect.closeTo(value, 9)]);
  }
}

describe("one iteration of a rank", () => {
  test("computing alone", () => {
    expectPlayed([compute(3), compute(4)], { seconds: 7, computed: 7, sending: 0, blocked: 0 });
    expectPlayed([], { seconds: 0, computed: 0, sending: 0, blocked: 0 });
  });

  test("a bucket goes on while the rank computes, and is hidden if that takes longer", () => {
    expectPlayed([compute(3), bucket(2), compute(4)], { seconds: 7, computed: 7, sending: 3, blocked: 0 });
  });

  test("the last bucket is not hidden", () => {
    expectPlayed([compute(3), bucket(2)], { seconds: 6, computed: 3, sending: 3 });
  });

  test("a bucket begins when those before it have ended", () => {
    // 3…9 and 9…12; the second would have been complete at 5.
    expectPlayed([compute(3), bucket(5), compute(2), bucket(2)], { seconds: 12, computed: 5, sending: 9 });
    // The first ends before the second is complete: 3…5 and 8…10.
    expectPlayed([compute(3), bucket(1), compute(5), bucket(1)], { seconds: 10, computed: 8, sending: 4 });
  });

  test("the rank does not compute while it waits for a sum", () => {
    expectPlayed([compute(3), wait(2), compute(4)], { seconds: 10, computed: 10, blocked: 3, sending: 0 });
  });

  test("a sum that is waited for shares the wire with a bucket, but not its latency", () => {
    // The bucket: latency 0…1, bytes from 1. The sum: latency 3…4, then 2 bytes at half speed until 8; the bucket had 3 of 10
    // bytes by 4, and 5 by 8. The other 5 take until 13.
    expectPlayed([bucket(10), compute(3), wait(2), compute(1)], { seconds: 13, computed: 9, blocked: 5, sending: 13 });
  });

  test("computing is slower while a bucket is under way", () => {
    // 3 s for the bucket, in which 1.5 of 4 are done.
    expectPlayed([bucket(2), compute(4)], { seconds: 5.5, sending: 3 }, { alone: 1, sending: 0.5 });
    expectPlayed([compute(4), bucket(2)], { seconds: 5, computed: 2 }, { alone: 2, sending: 0.5 });
  });

  test("messages that take no time are as if there were none", () => {
    const free = () => ({ latency: 0, transfer: 0 });
    const outcome = play([compute(1), wait(5), bucket(3), compute(2), bucket(1)], free, full);
    expect(outcome).toEqual({ computed: 3, seconds: 3, blocked: 0, sending: 0 });
  });
});

test("times of all sizes end: nothing is left over by rounding", () => {
  const events = Array.from({ length: 2000 }, (_, i) => [compute(1e-6 * (i % 7)), bucket(i % 3), wait(i % 2)]).flat();
  const outcome = play(events, (bytes) => ({ latency: 1e-7 / 3, transfer: (bytes * 1e-6) / 7 }), {
    alone: 1 / 3,
    sending: 0.1,
  });
  const computing = events.reduce((sum, event) => sum + (event.kind === "compute" ? event.seconds : 0), 0);
  expect(outcome.seconds).toBeGreaterThan(3 * computing);
  expect(outcome.seconds).toBeLessThan(10 * computing + 1);
});
