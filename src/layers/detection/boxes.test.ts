import { describe, expect, it } from "vitest";
import { areaOf, type BoxCode, bestOf, decodeBox, encodeBox, isUsable, keepApart, overlapOf } from "./boxes.js";

const f = (...values: number[]) => Float32Array.from(values);

describe("boxes", () => {
  it("have an area without the last pixel, and none when they are invalid", () => {
    const boxes = f(0, 0, 0.5, 0.25, 0.5, 0, 0.25, 1, 0.5, 0.5, 0.25, 0.25);
    expect([0, 4, 8].map((at) => areaOf(boxes, at))).toEqual([0.125, 0, 0]);
  });

  it("overlap by intersection over union; touching, apart, invalid and NaN ones do not", () => {
    const a = f(0, 0, 0.5, 0.5);
    const of = (...box: number[]) => overlapOf(a, 0, f(...box), 0);
    expect(of(0, 0, 0.5, 0.5)).toBe(1);
    expect(of(0.25, 0, 0.75, 0.5)).toBe(Math.fround(1 / 3));
    expect([of(0.5, 0, 1, 0.5), of(0.75, 0.75, 1, 1), of(0.5, 0.5, 0.25, 0.25), of(Number.NaN, 0, 1, 1)]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  const prior = f(0.25, 0.25, 0.75, 0.5);
  const variances = f(0.1, 0.1, 0.2, 0.2);

  it.each<[BoxCode, number[]]>([
    ["CORNER", [0.35, 0.05, 0.95, 0.6]],
    ["CORNER_SIZE", [0.3, 0.2, 0.85, 0.525]],
    [
      "CENTER_SIZE",
      [0.55 - Math.exp(0.2) / 4, 0.325 - Math.exp(0.1) / 8, 0.55 + Math.exp(0.2) / 4, 0.325 + Math.exp(0.1) / 8],
    ],
  ])("decode %s", (code, wanted) => {
    const box = new Float32Array(4);
    const deltas = f(1, -2, 1, 0.5);
    decodeBox(code, prior, 0, variances, deltas, 0, box, 0);
    for (let i = 0; i < 4; i++) expect(box[i]).toBeCloseTo(wanted[i] ?? 0, 6);
  });

  it.each<[BoxCode, Float32Array | undefined]>([
    ["CORNER", variances],
    ["CORNER", undefined],
    ["CORNER_SIZE", variances],
    ["CORNER_SIZE", undefined],
    ["CENTER_SIZE", variances],
    ["CENTER_SIZE", undefined],
  ])("encode %s to what decodes to the box again, variances %s", (code, factors) => {
    const box = f(0.1, 0.2, 0.6, 0.9);
    const [deltas, again] = [new Float32Array(4), new Float32Array(4)];
    encodeBox(code, prior, 0, factors, box, 0, deltas, 0);
    decodeBox(code, prior, 0, factors, deltas, 0, again, 0);
    for (let i = 0; i < 4; i++) expect(again[i]).toBeCloseTo(box[i] ?? 0, 6);
  });

  it("need a prior with sides above 0, but for CORNER", () => {
    const flat = f(0.5, 0.5, 0.5, 0.75);
    expect([isUsable("CORNER", flat, 0), isUsable("CENTER_SIZE", flat, 0), isUsable("CORNER_SIZE", flat, 0)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("are sorted by score: stable, above the threshold, at most top_k", () => {
    const scores = f(9, 0.5, 9, 0.75, 9, 0.5, 9, Number.NaN, 9, 0.25);
    expect([...bestOf(scores, 1, 2, 5, 0.25, -1)]).toEqual([1, 0, 2]);
    expect([...bestOf(scores, 1, 2, 5, 0.25, 2)]).toEqual([1, 0]);
    expect([...bestOf(scores, 1, 2, 5, 0.25, 0)]).toEqual([]);
  });

  it("are kept if they overlap those before them by at most the threshold, which eta shrinks", () => {
    const boxes = f(0, 0, 1, 1, 0, 0, 1, 0.75, 0, 0, 1, 0.625, 2, 2, 3, 3);
    const order = Uint32Array.of(0, 1, 2, 3);
    expect(keepApart(boxes, order, 0.75, 1)).toEqual([0, 1, 3]);
    expect(keepApart(boxes, order, 0.7, 1)).toEqual([0, 2, 3]);
    expect(keepApart(boxes, order, 0.75, 0.8)).toEqual([0, 3]);
    expect(keepApart(boxes, order, 0.5, 0.1)).toEqual([0, 3]);
  });
});
