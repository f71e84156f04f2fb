import { existsSync, mkdirSync, rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFiles } from "#platform";
import { localRanks } from "../../test/local-ranks.js";
import { digitsFolder, normNet } from "../../test/norm-nets.js";
import { distance } from "../../test/train-together.js";
import { Solver, type SolverOptions } from "../index.js";
import type { Files } from "../util/files.js";

let folder: Awaited<ReturnType<typeof digitsFolder>>;
beforeAll(async () => {
  folder = await digitsFolder(60, 20);
});
afterAll(() => folder.remove());

const text = (fields: string) =>
  `net_param { ${normNet(folder.path, { batch: 3 })} } base_lr: 0.02 lr_policy: "fixed" random_seed: 5 test_iter: 2
   test_interval: 100 test_initialization: false snapshot_prefix: "${folder.path}/s" max_iter: 4 ${fields}`;

const noFiles = "snapshot_after_train: false";

/** What each of two ranks ends with: the result of `use`, or its error's message. */
async function onTwo<T>(
  fields: string,
  use: (solver: Solver, rank: number) => Promise<T>,
  options: (rank: number) => SolverOptions = () => ({}),
): Promise<readonly (T | string)[]> {
  const ends = await Promise.allSettled(
    localRanks(2).map(async (communicator) => {
      const { rank } = communicator;
      const solver = await Solver.load(text(fields), {
        engine: "wasm",
        threads: 1,
        ...options(rank),
        communicator,
      });
      try {
        return await use(solver, rank);
      } finally {
        await solver.dispose();
      }
    }),
  );
  return ends.map((end) => (end.status === "fulfilled" ? end.value : (end.reason as Error).message));
}

const path = (iter: number, end: string) => `${folder.path}/s_iter_${iter}.${end}`;

const blocked = (iter: number) => path(iter, "moka.json");
/** Lets rank 0 write no file of this snapshot: a folder has its name. */
const block = (iter: number) => mkdirSync(blocked(iter));
const unblock = (iter: number) => rmSync(blocked(iter), { recursive: true });

test("all ranks go on after a snapshot that rank 0 cannot write, and try again at the end", async () => {
  const fields = "snapshot: 4 snapshot_after_train: true display: 2";
  for (const isMended of [false, true]) {
    const log: SolverOptions["log"] = (_severity, _origin, line) => {
      if (isMended && line.includes("training goes on without this snapshot")) unblock(4);
    };
    const solve = async (solver: Solver, rank: number) => {
      if (rank === 0) solver.on("iteration", ({ iter }) => void (iter === 3 && block(4)));
      await solver.solve();
      return solver.iter;
    };
    const ends = await onTwo(fields, solve, (rank) => (rank === 0 ? { log } : {}));
    expect(existsSync(path(4, "solverstate"))).toBe(isMended);
    if (isMended) expect(ends).toEqual([4, 4]);
    else {
      expect(ends[0]).toMatch(/^cannot write .*s_iter_4/);
      expect(ends[1]).toBe(`rank 0 of 2 ended: ${ends[0]}`);
      unblock(4);
    }
  }
});

test.each<[string, (solver: Solver, rank: number) => Promise<unknown>]>([
  ["restore", (solver) => solver.restore(`${folder.path}/none.solverstate`)],
  [
    "snapshot",
    async (solver, rank) => {
      if (rank === 0) block(0);
      await solver.snapshot().finally(() => rank === 0 && unblock(0));
    },
  ],
  [
    "test",
    async (solver, rank) => {
      if (rank === 0)
        solver.onRequest(() => {
          throw new Error("none.solverstate");
        });
      await solver.test();
    },
  ],
])("a call that fails on rank 0 fails on all ranks: %s", async (_, use) => {
  const ends = await onTwo(noFiles, async (solver, rank) => void (await use(solver, rank)));
  expect(ends[0]).toMatch(/none\.solverstate|s_iter_0/);
  expect(ends[1]).toMatch(/^rank 0 of 2 ended: .*(none\.solverstate|s_iter_0)/);
});

test("a run that is aborted on one rank ends on all", async () => {
  const ends = await onTwo(noFiles, async (solver, rank) => {
    const control = new AbortController();
    if (rank === 1) solver.on("iteration", ({ iter }) => iter === 2 && control.abort());
    await solver.solve({ signal: control.signal });
  });
  expect(ends[0]).toMatch(/^rank 1 of 2 ended: .*aborted/);
  expect(ends[1]).toMatch(/aborted/);
});

test("options that only one rank has are an error of all", async () => {
  const ends = await onTwo(
    noFiles,
    async () => {},
    (rank) => (rank === 1 ? { restarts: 2 } : {}),
  );
  for (const end of ends) expect(end).toMatch(/rank 1 of 2 differs from rank 0 of 2: its options .*"restarts":2/);
});

test("a rank whose machine has no engine is an error of all", async () => {
  const ends = await onTwo(
    noFiles,
    async () => {},
    (rank) => (rank === 1 ? { threads: 0 } : {}),
  );
  expect(ends[0]).toMatch(/^rank 1 of 2 ended: threads must be 1 or more/);
});

test("only rank 0 needs the folder of the snapshots", async () => {
  mkdirSync(`${folder.path}/snapshots`);
  const elsewhere = new Proxy(createFiles(), {
    get: (files, name: keyof Files) => {
      if (name === "isFolder") return async (at: string) => !at.includes("snapshots") && files.isFolder(at);
      if (name === "probe") {
        return async (at: string) => {
          throw new Error(`there is no folder for ${at}`);
        };
      }
      const value = files[name];
      return typeof value === "function" ? value.bind(files) : value;
    },
  });
  for (const prefix of ["snapshots", "snapshots/net"]) {
    const fields = `snapshot_prefix: "${folder.path}/${prefix}"`;
    const use = async (solver: Solver) => {
      await solver.solve();
      return solver.param.snapshotPrefix;
    };
    const ends = await onTwo(fields, use, (rank) => (rank === 1 ? { files: elsewhere } : {}));
    expect(ends[0]).toMatch(/snapshots\/\w+$/);
    expect(ends[1]).toBe(ends[0]);
  }
});

test("BatchNorm's averages over all ranks move by updates by hand as by steps", async () => {
  const averages = (solver: Solver) => solver.net.params.get("bn1")?.map(({ data }) => data.slice()) ?? [];
  const stepped = await onTwo(noFiles, async (solver) => {
    await solver.step(3);
    return averages(solver);
  });
  const byHand = await onTwo(noFiles, async (solver) => {
    while (solver.iter < 3) {
      solver.net.clearParamDiffs();
      await solver.net.forward();
      await solver.net.backward();
      await solver.applyUpdate();
    }
    return averages(solver);
  });
  expect(stepped[0]?.[2]?.[0]).toBeCloseTo(1 + 0.999 + 0.999 ** 2, 5);
  expect(byHand).toEqual(stepped);
});

test("the forward that a run displays at its end moves the averages, as in one process", async () => {
  const factor = (solver: Solver) => solver.net.params.get("bn1")?.[2]?.data[0];
  const solved = async (solver: Solver) => {
    await solver.solve();
    return factor(solver);
  };
  const alone = await Solver.load(text(`${noFiles} display: 2`), { engine: "wasm", threads: 1 });
  const expected = await solved(alone);
  await alone.dispose();
  expect(await onTwo(`${noFiles} display: 2`, solved)).toEqual([expected, expected]);
});

test("debug_info logs each rank's own gradients", async () => {
  const lines: string[][] = [[], [], []];
  const log = (rank: number) => (_severity: string, _origin: string, line: string) =>
    void (line.includes("[Backward]") && lines[rank]?.push(line));
  const same = `net_param {
    layer { name: "data" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 4 }
      shape { dim: 2 dim: 3 } data_filler { type: "constant" value: 0.5 } data_filler { type: "constant" value: 2 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 3
      weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" } }
    base_lr: 0.01 lr_policy: "fixed" random_seed: 2 max_iter: 2 display: 1 debug_info: true ${noFiles}`;
  const train = async (options: SolverOptions) => {
    const solver = await Solver.load(same, { engine: "wasm", threads: 1, ...options });
    await solver.step(2);
    const { loss } = solver;
    await solver.dispose();
    return loss;
  };
  const alone = await train({ log: log(2) });
  const losses = await Promise.all(
    localRanks(2).map((communicator) => train({ communicator, log: log(communicator.rank) })),
  );
  expect(distance(losses, [alone, alone])).toBeLessThan(1e-6);
  expect(lines[2]).not.toHaveLength(0);
  expect(lines[0]).toEqual(lines[2]);
  expect(lines[1]).toEqual(lines[2]);
});
