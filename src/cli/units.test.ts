import { describe, expect, test } from "vitest";
import { bandwidth, counts, duration, size } from "./units.js";

describe("a rate is in bytes a second", () => {
  test.each([
    ["25Gbit", 3.125e9],
    ["25 Gbit/s", 3.125e9],
    ["100Mbit", 12.5e6],
    ["1.5Gbps", 187.5e6],
    ["10GB", 10e9],
    ["10GB/s", 10e9],
    ["8kbit", 1000],
    ["8Kbit", 1000],
    ["64bit", 8],
  ])("%s", (text, bytes) => expect(bandwidth(text)).toBeCloseTo(bytes, 6));

  test.each(["25", "25G", "Gbit", "0Gbit", "-1Gbit", "25Xbit", "25 G bit", "", "NaNGbit", "25gbit"])(
    "%j is none",
    (text) => expect(bandwidth(text)).toBeUndefined(),
  );
});

describe("a time is in seconds", () => {
  test.each([
    ["20us", 20e-6],
    ["20µs", 20e-6],
    ["20μs", 20e-6],
    ["1ms", 1e-3],
    ["0.5s", 0.5],
    ["300ns", 300e-9],
    ["1e-3s", 1e-3],
    ["0", 0],
  ])("%s", (text, seconds) => expect(duration(text)).toBeCloseTo(seconds, 12));

  test.each(["20", "us", "-1us", "1 hour", "1M", ""])("%j is none", (text) => expect(duration(text)).toBeUndefined());
});

describe("a size is in bytes", () => {
  test.each([
    ["4MiB", 4194304],
    ["500kB", 500000],
    ["1B", 1],
    ["1.5KiB", 1536],
    ["1GB", 1e9],
  ])("%s", (text, bytes) => expect(size(text)).toBe(bytes));

  test.each(["4", "4Mi", "4Mbit", "0.1B", "B"])("%j is none", (text) => expect(size(text)).toBeUndefined());
});

describe("numbers of ranks", () => {
  test.each([
    ["1,2,4,…,1024", [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]],
    ["1,2,...,5", [1, 2, 4, 5]],
    ["2,5,…,12", [2, 5, 8, 11, 12]],
    ["8, 64 ,512", [8, 64, 512]],
    ["4,1,4", [1, 4]],
    ["7", [7]],
  ])("%s", (text, expected) => expect(counts(text)).toEqual(expected));

  test.each(["", "0", "1,-2", "1,,2", "1.5", "…,4", "4,…,8", "4,2,…,8", "2,4,…", "2,4,…,3", "a"])(
    "%j is none",
    (text) => expect(counts(text)).toBeUndefined(),
  );
});
