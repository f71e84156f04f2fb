import type { Parse } from "./command.js";
import { parser } from "./options.js";

const prefixes: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const times: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, μs: 1e-6, ms: 1e-3, s: 1 };
const binary: Readonly<Record<string, number>> = { "": 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** A number greater than 0 and the unit behind it. */
function split(text: string): readonly [value: number, unit: string] | undefined {
  const [, digits, unit = ""] = /^\s*(\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+)\s*([^\s\d]\S*)?\s*$/i.exec(text) ?? [];
  const value = Number(digits);
  return digits !== undefined && value > 0 ? [value, unit] : undefined;
}

/** Accepts a rate, in bytes a second: bits as links have them, or bytes as memory has them. Prefixes are powers of 1000. */
export const bandwidth: Parse<number> = parser("a rate with its unit, as 25Gbit, 100Mbit/s or 10GB", (text: string) => {
  const [value = 0, unit = ""] = split(text) ?? [];
  const [, prefix = "", kind = ""] = /^([kKMGT]?)(bit|bps|B)(?:\/s|ps)?$/.exec(unit) ?? [];
  if (kind === "" || value === 0) return undefined;
  return (value * (prefixes[prefix === "K" ? "k" : prefix] ?? 1)) / (kind === "B" ? 1 : 8);
});

/** Accepts a time, in seconds. */
export const duration: Parse<number> = parser("a time with its unit, as 20us or 1ms", (text: string) => {
  if (/^\s*0\s*$/.test(text)) return 0;
  const [value = 0, unit = ""] = split(text) ?? [];
  const seconds = value * (times[unit] ?? 0);
  return seconds > 0 ? seconds : undefined;
});

/** Accepts a size, in bytes: kB and MB are powers of 1000, KiB and MiB of 1024. */
export const size: Parse<number> = parser("a size with its unit, as 4MiB or 500kB", (text: string) => {
  const [value = 0, unit = ""] = split(text) ?? [];
  const [, prefix] = /^([kKMG]?i?)B$/.exec(unit) ?? [];
  const factor = prefix === undefined ? 0 : (binary[prefix] ?? prefixes[prefix === "K" ? "k" : prefix] ?? 0);
  return value * factor >= 1 ? Math.round(value * factor) : undefined;
});

/** Accepts whole numbers from 1 on. `1,2,…,1024` (or `...`) goes on by the factor, or else the step, of the two before it. */
export const counts: Parse<readonly number[]> = parser("whole numbers from 1 on, as 1,2,4,…,1024", (text: string) => {
  const parts = text.split(",").map((part) => part.trim());
  const found: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (part === "…" || part === "...") {
      const end = Number(parts[i + 1]);
      const [before, last] = [found.at(-2), found.at(-1)];
      if (before === undefined || last === undefined || !(last > before) || !(end > last)) return undefined;
      const next = last % before === 0 ? (x: number) => (x * last) / before : (x: number) => x + (last - before);
      for (let value = next(last); value < end && found.length < 1000; value = next(value)) found.push(value);
      continue;
    }
    const value = Number(part);
    if (part === "" || !Number.isInteger(value) || value < 1) return undefined;
    found.push(value);
  }
  return [...new Set(found)].sort((a, b) => a - b);
});
