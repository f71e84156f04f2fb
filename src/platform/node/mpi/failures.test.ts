import { expect, it } from "vitest";
import { decodeReason, encodeReason, firstOf, noticeBytes, type Reason } from "./failures.js";

const reason = (kind: Reason["kind"], rank: number): Reason => ({
  kind,
  rank,
  what: `${kind} ${rank}`,
  settlesIn: 0.3,
});

it("reports what a rank told before what others saw, then the lowest rank", () => {
  const [died, told, error] = [reason("died", 0), reason("told", 2), reason("error", 0)];
  expect(firstOf([error, died, told, reason("told", 3)])).toBe(told);
  expect(firstOf([error, reason("died", 1), died])).toBe(died);
  expect(firstOf([])).toBeUndefined();
});

it("sends a reason as one message, and cuts a text that is too long", () => {
  expect(decodeReason(encodeReason(reason("told", 1)))).toEqual(reason("told", 1));
  for (const character of ["x", "\u0001", "é", "😀"]) {
    for (const before of ["", "x"]) {
      const bytes = encodeReason({ ...reason("told", 1), what: before + character.repeat(5000) });
      expect(bytes.length).toBeLessThanOrEqual(noticeBytes);
      const { what } = decodeReason(bytes);
      expect(what).toMatch(/^.+…$/su);
      expect(what).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
    }
  }
});
