import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MokaError } from "./errors.js";
import { freshSeed, Random, type RandomState } from "./random.js";

/** FNV-1a over the bytes of the values, and of the next draw. */
function fingerprint(values: Float32Array | Uint32Array, random: Random): number {
  let hash = 0x811c9dc5;
  for (const { buffer } of [values, Uint32Array.of(random.next())]) {
    for (const byte of new Uint8Array(buffer)) hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

function uniform(random: Random, count: number, from: number, to: number): Float32Array {
  const values = new Float32Array(count);
  random.uniform(values, from, to);
  return values;
}

function gaussian(random: Random, count: number, mean: number, std: number): Float32Array {
  const values = new Float32Array(count);
  random.gaussian(values, mean, std);
  return values;
}

function bernoulli(random: Random, count: number, p: number, precision?: "double" | "float"): Float32Array {
  const values = new Float32Array(count).fill(7);
  random.bernoulli(values, p, precision);
  return values;
}

function moments(values: Float32Array, center: number): (order: number) => number {
  return (order) => values.reduce((sum, value) => sum + (value - center) ** order, 0) / values.length;
}

describe("the Mersenne Twister", () => {
  it("gives MT19937's published numbers for seed 5489", () => {
    const random = new Random(5489);
    const drawn = Array.from({ length: 10_000 }, () => random.next());
    expect(drawn.slice(0, 5)).toEqual([3499211612, 581869302, 3890346734, 3586334585, 545404204]);
    expect(drawn[9999]).toBe(4123659995);
  });

  it("takes seeds modulo 2^32, as Caffe does with random_seed", () => {
    const first = (seed: number | bigint) => new Random(seed).next();
    expect(first(2 ** 32 + 42)).toBe(first(42));
    expect(first(2n ** 40n + 42n)).toBe(first(42));
    expect(first(-1)).toBe(first(2 ** 32 - 1));
    expect(first(1)).not.toBe(first(2));
    for (const seed of [0.5, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => new Random(seed)).toThrow(MokaError);
  });

  it("continues from a saved state, through JSON, from any position", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(2000), (seed, skip) => {
        const random = new Random(seed);
        for (let i = 0; i < skip; i++) random.next();
        const copy = new Random(0);
        copy.restore(JSON.parse(JSON.stringify(random.state)) as RandomState);
        for (let i = 0; i < 700; i++) expect(copy.next()).toBe(random.next());
      }),
      { numRuns: 25 },
    );
  });

  it("refuses an invalid state", () => {
    const { words } = new Random(1).state;
    const refused: unknown[] = [
      { words: words.slice(1), used: 0 },
      { words: words.map(() => 0), used: 0 },
      { words: words.with(5, -1), used: 0 },
      { words: words.with(5, 0.5), used: 0 },
      { words: "x", used: 0 },
      { words, used: 625 },
      { words, used: -1 },
      { words },
    ];
    for (const state of refused) {
      expect(() => new Random(0).restore(state as RandomState)).toThrow(/^the state of a random generator must/);
    }
  });

  it("forks a generator that is seeded with one draw", () => {
    const random = new Random(7);
    const twin = new Random(7);
    expect(random.fork().next()).toBe(new Random(twin.next()).next());
    expect(random.next()).toBe(twin.next());
  });
});

// The fingerprints are those of the same draws by Boost.Random 1.74 (g++ 12, -O2 -march=haswell), which also agreed
// on 2·10^8 gaussians bit for bit.
describe("the distributions draw what Boost 1.74 draws", () => {
  const cases: [name: string, fingerprint: number, draw: (random: Random) => Float32Array | Uint32Array][] = [
    ["uniform", 0x2e3cd8da, (random) => uniform(random, 100_000, -0.3, 0.6)],
    [
      "uniform beyond the largest float",
      0x67a7d017,
      (random) => uniform(random, 10_000, -3.4028234663852886e38, 3.4028234663852886e38),
    ],
    ["uniform over five floats", 0x232025a7, (random) => uniform(random, 1000, 2 ** 24, 2 ** 24 + 4)],
    ["uniform over one float", 0xcd10a781, (random) => uniform(random, 100, -1, -1)],
    ["gaussian", 0x9706803a, (random) => gaussian(random, 300_000, 2, 0.3)],
    ["bernoulli in float", 0xda882be9, (random) => bernoulli(random, 100_000, 0.42857143, "float")],
    ["bernoulli in double", 0xfea879, (random) => bernoulli(random, 100_000, 0.7)],
    ["bernoulli of 0, which draws nothing", 0xf32d497f, (random) => bernoulli(random, 10, 0)],
    [
      "shuffle",
      0x42640f61,
      (random) => {
        const items = Uint32Array.from({ length: 1000 }, (_, i) => i);
        random.shuffle(items);
        return items;
      },
    ],
  ];
  it.each(cases)("%s", (_name, expected, draw) => {
    const random = new Random(42);
    expect(fingerprint(draw(random), random)).toBe(expected);
  });
});

describe("uniform", () => {
  it("stays within its limits, and reaches both", () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.integer(), float, float, (seed, a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        for (const value of uniform(new Random(seed), 50, from, to)) {
          expect(value).toBeGreaterThanOrEqual(from);
          expect(value).toBeLessThanOrEqual(to);
        }
      }),
    );
    expect(new Set(uniform(new Random(1), 200, 2 ** 24, 2 ** 24 + 4))).toEqual(
      new Set([0, 2, 4].map((step) => 2 ** 24 + step)),
    );
  });

  it("is flat", () => {
    const values = uniform(new Random(3), 200_000, 2, 4);
    const moment = moments(values, 3);
    expect(moment(1)).toBeCloseTo(0, 2);
    expect(moment(2)).toBeCloseTo(1 / 3, 2);
  });

  it("refuses an invalid range, instead of drawing forever", () => {
    const inf = Number.POSITIVE_INFINITY;
    for (const [from, to] of [
      [1, 0],
      [Number.NaN, 1],
      [0, Number.NaN],
      [0, inf],
      [-inf, 0],
      [inf, inf],
    ] as const) {
      expect(() => uniform(new Random(1), 1, from, to)).toThrow(/^uniform numbers from /);
    }
  });
});

describe("gaussian", () => {
  it("has the moments of a normal distribution", () => {
    const moment = moments(gaussian(new Random(11), 400_000, -1, 1), -1);
    expect(Math.abs(moment(1))).toBeLessThan(0.01);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.01);
    expect(Math.abs(moment(3))).toBeLessThan(0.03);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.06);
  });

  it("reaches its tail as often as expected", () => {
    const tail = gaussian(new Random(12), 1_000_000, 0, 1).filter((value) => Math.abs(value) > 3.5);
    expect(tail.length).toBeGreaterThan(400); // 465 are expected, ± 22
    expect(tail.length).toBeLessThan(530);
  });

  it("refuses a standard deviation that is not positive", () => {
    for (const std of [0, -1, Number.NaN]) expect(() => gaussian(new Random(1), 1, 0, std)).toThrow(MokaError);
  });
});

describe("bernoulli", () => {
  it("gives ones with its probability", () => {
    const ones = bernoulli(new Random(5), 100_000, 0.3).reduce((sum, value) => sum + value, 0);
    expect(Math.abs(ones - 30_000)).toBeLessThan(600);
    expect(new Set(bernoulli(new Random(5), 1000, 1))).toEqual(new Set([1]));
    for (const p of [-0.1, 1.1, Number.NaN]) expect(() => bernoulli(new Random(1), 1, p)).toThrow(MokaError);
  });
});

describe("integers", () => {
  it("below(n) is the remainder of a draw", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 - 1 }), (seed, n) => {
        expect(new Random(seed).below(n)).toBe(new Random(seed).next() % n);
      }),
    );
    for (const n of [0, -1, 1.5, 2 ** 32, Number.NaN]) expect(() => new Random(1).below(n)).toThrow(MokaError);
  });

  it("shuffle permutes", () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer()), (seed, items) => {
        const shuffled = [...items];
        new Random(seed).shuffle(shuffled);
        expect(shuffled.sort((a, b) => a - b)).toEqual(items.sort((a, b) => a - b));
      }),
    );
  });

  it("shuffle gives all orders of three equally often", () => {
    const random = new Random(9);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const items = ["a", "b", "c"];
      random.shuffle(items);
      counts.set(items.join(""), (counts.get(items.join("")) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it("freshSeed seeds", () => {
    const seeds = Array.from({ length: 4 }, freshSeed);
    for (const seed of seeds) expect(seed >>> 0).toBe(seed);
    expect(new Set(seeds).size).toBeGreaterThan(1);
  });
});
