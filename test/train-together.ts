// Trains a net on several ranks in one process, and on one with the batches of all.
import { Solver, type SolverOptions } from "../src/index.js";
import { localRanks } from "./local-ranks.js";

/** What a training has computed. */
export interface Trained {
  readonly losses: readonly number[];
  /** The outputs of each test: by name. */
  readonly tests: readonly Readonly<Record<string, Float32Array>>[];
  /** All parameters, by layer and index: `bn1.0`. */
  readonly params: ReadonlyMap<string, Float32Array>;
}

type Options = Omit<SolverOptions, "communicator">;

/** Follows a solver for some iterations, with all tests that are due. */
async function follow(solver: Solver, iterations: number): Promise<Trained> {
  const losses: number[] = [];
  const tests: Readonly<Record<string, Float32Array>>[] = [];
  solver.on("iteration", ({ loss }) => losses.push(loss));
  solver.on("test", ({ outputs }) => tests.push(outputs));
  await solver.step(iterations);
  const params = [...solver.net.params].flatMap(([layer, blobs]) =>
    blobs.map((blob, i) => [`${layer}.${i}`, blob.data.slice()] as const),
  );
  return { losses, tests, params: new Map(params) };
}

/** Trains by one process. */
export async function trainAlone(solver: string, iterations: number, options: Options = {}): Promise<Trained> {
  const loaded = await Solver.load(solver, { engine: "wasm", threads: 1, ...options });
  try {
    return await follow(loaded, iterations);
  } finally {
    await loaded.dispose();
  }
}

/** Trains by several ranks in this process. `use` is called with each rank's solver before it is disposed of. */
export async function trainTogether(
  size: number,
  solver: string,
  iterations: number,
  options: Options | ((rank: number) => Options) = {},
  use: (solver: Solver, rank: number) => Promise<void> = async () => {},
): Promise<readonly Trained[]> {
  return Promise.all(
    localRanks(size).map(async (communicator) => {
      const own = typeof options === "function" ? options(communicator.rank) : options;
      const loaded = await Solver.load(solver, { engine: "wasm", threads: 1, ...own, communicator });
      try {
        const trained = await follow(loaded, iterations);
        await use(loaded, communicator.rank);
        return trained;
      } finally {
        await loaded.dispose();
      }
    }),
  );
}

/** The greatest distance between values of two arrays, relative to the greatest value where that is above 1. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [greatest, scale] = [0, 1];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i] ?? Number.NaN, b[i] ?? Number.NaN];
    if (Number.isNaN(x - y)) return Number.POSITIVE_INFINITY;
    greatest = Math.max(greatest, Math.abs(x - y));
    scale = Math.max(scale, Math.abs(x));
  }
  return greatest / scale;
}
