import { describe, expect, test } from "vitest";
import { type Algorithm, algorithms, allReduceCost } from "./all-reduce.js";
import type { Cluster } from "./cluster.js";

const [α, β, γ] = [20e-6, 1 / 3.125e9, 1e-10];
const [αl, βl] = [1e-6, 1e-10];
const cluster = (perHost: number, overhead = 0, pause = 0): Cluster => ({
  ...{ perHost, remote: { latency: α, secondsPerByte: β }, local: { latency: αl, secondsPerByte: βl } },
  ...{ secondsPerReducedByte: γ, overhead, pause, cores: 8, threads: 1, progressCores: 0 },
});

const total = (bytes: number, ranks: number, perHost: number, ...among: Algorithm[]) => {
  const { latency, transfer } = allReduceCost(bytes, ranks, cluster(perHost), among.length > 0 ? among : undefined);
  return latency + transfer;
};

const n = 1e6;

describe("one rank on each host: the formulas of Thakur, Rabenseifner and Gropp", () => {
  test.each([2, 3, 8, 100])("a ring of %i", (N) => {
    const expected = 2 * (N - 1) * α + ((2 * (N - 1)) / N) * n * β + ((N - 1) / N) * n * γ;
    expect(total(n, N, 1, "ring")).toBeCloseTo(expected, 12);
  });

  test.each([2, 4, 64, 1024])("recursive doubling of %i, a power of two", (N) => {
    expect(total(n, N, 1, "doubling")).toBeCloseTo(Math.log2(N) * (α + n * β + n * γ), 12);
  });

  test.each([2, 4, 64, 1024])("recursive halving and doubling of %i, a power of two", (N) => {
    const expected = 2 * Math.log2(N) * α + ((2 * (N - 1)) / N) * n * β + ((N - 1) / N) * n * γ;
    expect(total(n, N, 1, "halving")).toBeCloseTo(expected, 12);
  });

  test("a rank beyond a power of two hands its values over, and gets the sums: two more messages", () => {
    expect(total(n, 5, 1, "doubling")).toBeCloseTo(total(n, 4, 1, "doubling") + 2 * (α + n * β) + n * γ, 12);
    expect(total(n, 7, 1, "halving")).toBeCloseTo(total(n, 4, 1, "halving") + 2 * (α + n * β) + n * γ, 12);
  });

  test("hierarchical is a ring", () => {
    for (const N of [2, 3, 8]) expect(total(n, N, 1, "hierarchical")).toBeCloseTo(total(n, N, 1, "ring"), 12);
  });
});

describe("several ranks on each host", () => {
  test("up to one host, only its own links count", () => {
    const expected = 2 * 3 * αl + (6 / 4) * n * βl + (3 / 4) * n * γ;
    expect(total(n, 4, 4, "ring")).toBeCloseTo(expected, 12);
    expect(total(n, 4, 8, "ring")).toBeCloseTo(expected, 12);
    expect(total(n, 4, 4, "hierarchical")).toBeCloseTo(expected, 12);
  });

  test("the steps of a ring over hosts wait for those between hosts", () => {
    expect(total(n, 8, 4, "ring")).toBeCloseTo(total(n, 8, 1, "ring"), 12);
  });

  test("in recursive doubling all ranks of a host share its link: as many times the bytes", () => {
    const expected = 2 * (αl + n * βl) + 1 * α + 4 * n * β + 3 * n * γ;
    expect(total(n, 8, 4, "doubling")).toBeCloseTo(expected, 12);
  });

  test("halving and hierarchical send between hosts as if each host were one rank", () => {
    const within = (6 / 4) * n * βl + (3 / 4) * n * γ;
    const between = (2 / 2) * n * β + (1 / 2) * (n / 4) * γ;
    expect(total(n, 8, 4, "halving")).toBeCloseTo(4 * αl + 2 * α + within + between, 12);
    expect(total(n, 8, 4, "hierarchical")).toBeCloseTo(6 * αl + 2 * α + within + between, 12);
  });

  test("for large messages between many hosts, hierarchical beats a ring over all ranks by its latency", () => {
    const rings = [total(n, 512, 8, "ring"), total(n, 512, 8, "hierarchical")] as const;
    expect(rings[0] - rings[1]).toBeGreaterThan(2 * (511 - 63) * α * 0.9);
  });
});

describe("the quickest is taken", () => {
  test("trees for small messages, rings for large ones where the number is no power of two", () => {
    expect(allReduceCost(8, 64, cluster(1)).algorithm).toBe("doubling");
    expect(allReduceCost(1e8, 64, cluster(1)).algorithm).toBe("halving");
    expect(allReduceCost(1e8, 60, cluster(1)).algorithm).toBe("ring");
    expect(allReduceCost(8, 60, cluster(1)).algorithm).toBe("doubling");
  });

  test("what is taken is never slower than any of them", () => {
    for (const ranks of [2, 3, 5, 16, 100, 1024]) {
      for (const bytes of [8, 1e3, 1e5, 1e7]) {
        const each = (["ring", "doubling", "halving"] as const).map((one) => total(bytes, ranks, 4, one));
        expect(total(bytes, ranks, 4)).toBe(Math.min(...each));
      }
    }
  });

  test("one rank sends nothing, however", () => {
    for (const one of algorithms) expect(total(n, 1, 4, one)).toBe(0);
  });
});

test("the overhead is paid once for each sum, and does not depend on its size", () => {
  const [without, withIt] = [allReduceCost(n, 4, cluster(1)), allReduceCost(n, 4, cluster(1, 5e-5))];
  expect(withIt.latency - without.latency).toBeCloseTo(5e-5, 12);
  expect(withIt.transfer).toBe(without.transfer);
});

test("each step pays the pause: two a level of the tree, within a host and between hosts", () => {
  const [without, withIt] = [0, 5e-5].map((pause) => allReduceCost(n, 64, cluster(4, 0, pause), ["halving"]));
  expect((withIt?.latency ?? 0) - (without?.latency ?? 0)).toBeCloseTo(2 * 6 * 5e-5, 12);
});
