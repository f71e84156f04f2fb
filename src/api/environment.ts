import { findBlas } from "#blas";
import { createImages } from "#platform";
import type { LayerConstructor } from "../core/catalog.js";
import { type AveragesOf, alone, type Communicator, type Ranks } from "../core/communicator.js";
import type { Engine } from "../core/engine.js";
import type { NetContext } from "../core/net.js";
import { WeightFileStore } from "../data/weight-files.js";
import { ReferenceEngine } from "../engines/reference/index.js";
import { type Blas, coreCount, WasmEngine } from "../engines/wasm/index.js";
import { createCatalog } from "../layers/registry.js";
import { type FilesOptions, openFiles } from "../platform/open-files.js";
import { checkDialect } from "../proto/dialects/index.js";
import { check, reasonOf } from "../util/errors.js";
import { type Log, silent } from "../util/log.js";
import { freshSeed, Random } from "../util/random.js";

/** Options of both nets and solvers. */
export interface RunOptions extends FilesOptions {
  /**
   * The engine: `wasm` (WebAssembly with SIMD); `blas` (the same, with matrix products and convolutions by a native
   * BLAS: OpenBLAS, MKL, BLIS or Accelerate, or the library that the environment variable `MOKA_BLAS` names); or
   * `reference` (slow and readable). Default `auto`: `blas` if a BLAS is found and works, else `wasm`.
   */
  readonly engine?: "auto" | "blas" | "wasm" | "reference" | undefined;
  /** Number of threads. Default: the number of the machine's cores. */
  readonly threads?: number | undefined;
  /** Seed of the random generator. Default: the solver's `random_seed`; without it, a new seed each time. */
  readonly seed?: number | undefined;
  /**
   * The caller's own layers, subclasses of `Layer`, by `type`. They replace Moka's of the same type. The class for a
   * layer of type `Python` is given as `module/layer` or `module.layer`, the names in its `python_param`.
   */
  readonly layers?: Readonly<Record<string, LayerConstructor>> | undefined;
  /**
   * The fork of Caffe that the net is written for, by the name of its file in `src/proto/dialects`: `ssd`, `segnet`, `pspnet`, …; `bvlc` for none. It decides
   * what a layer type means that several forks have. Default: what the net's fields and layer types tell.
   */
  readonly dialect?: string | undefined;
  /**
   * The settings of py-faster-rcnn and R-FCN, as in `lib/fast_rcnn/config.py`, where they differ from those: `{ TEST: { RPN_MIN_SIZE:
   * 8 } }`. Their Python layers read them: ProposalLayer, AnchorTargetLayer, ProposalTargetLayer, RoIDataLayer.
   */
  readonly cfg?: Readonly<Record<string, unknown>> | undefined;
  /** Receives what Caffe would log. Default: nothing is logged. */
  readonly log?: Log | undefined;
}

/** Options of nets and solvers that several processes run together. */
export interface RankOptions {
  /**
   * Connects this process with others that run the same net, each with its own share of the data: in Node `await connectMpi()`.
   * All must make the same calls. Default: this process runs alone.
   *
   * With a solver, each rank runs `batch_size` images, and gradients are averaged, as Caffe's `-gpu 0,1` does it. The losses and
   * the outputs of tests are those of all ranks. Rank 0 writes snapshots, and gives the others the weights that it starts with.
   * With a net alone, gradients stay each rank's own, and so do BatchNorm's averages without `syncBatchNorm`.
   */
  readonly communicator?: Communicator | undefined;
  /**
   * Whether BatchNorm takes its statistics over the batches of all ranks, so that N ranks train as one process with N times the
   * batch does. Default false: each normalizes by its own batch, as in Caffe.
   */
  readonly syncBatchNorm?: boolean | undefined;
  /**
   * Whose averages BatchNorm tests with and saves, without `syncBatchNorm`: `all` takes mean and variance over all ranks (law of
   * total variance); `root` takes those of rank 0 alone, as Caffe does. Default `all`.
   */
  readonly bnAverages?: AveragesOf | undefined;
}

/** @throws MokaError `MOKA_USAGE` for averages of nobody */
export function ranksOf({ communicator = alone, syncBatchNorm = false, bnAverages = "all" }: RankOptions): Ranks {
  const isKnown = bnAverages === "all" || bnAverages === "root";
  check(isKnown, "MOKA_USAGE", `bnAverages must be "all" or "root", not "${bnAverages}"`);
  return { communicator, syncBatchNorm, averagesOf: bnAverages };
}

const engines = {
  async auto(threads: number, log: Log): Promise<Engine> {
    let blas: Blas;
    try {
      blas = findBlas();
    } catch (error) {
      log("info", "caffe.cpp:197", `Computing with WebAssembly alone: ${reasonOf(error)}`);
      return WasmEngine.create({ threads });
    }
    return WasmEngine.create({ threads, blas });
  },
  blas: async (threads: number) => WasmEngine.create({ threads, blas: findBlas() }),
  wasm: (threads: number) => WasmEngine.create({ threads }),
  reference: async () => new ReferenceEngine(),
} as const;

/** @throws MokaError `MOKA_UNSUPPORTED` if the requested engine cannot run here */
export async function createEngine(options: RunOptions): Promise<Engine> {
  const { engine = "auto", threads = coreCount(), log = silent } = options;
  const names = Object.keys(engines).join(", ");
  check(engine in engines, "MOKA_USAGE", `there is no engine "${engine}"; there are ${names}`);
  check(Number.isInteger(threads) && threads > 0, "MOKA_USAGE", `threads must be 1 or more, not ${threads}`);
  check(
    engine === "reference" || "WebAssembly" in globalThis,
    "MOKA_UNSUPPORTED",
    `the engine "${engine}" needs WebAssembly, which is switched off here (node --jitless does that); "reference" does without`,
  );
  return engines[engine](threads, log);
}

/** The context that nets on this engine are built with, without `ownsEngine`. */
export function netContext(
  engine: Engine,
  options: RunOptions,
  seed: number | undefined,
): Omit<NetContext, "ownsEngine"> {
  const { log = silent, layers: userLayers = {}, dialect } = options;
  if (dialect !== undefined) checkDialect(dialect);
  const files = openFiles(options);
  const { cfg } = options;
  const isMap = typeof cfg === "object" && cfg !== null && !Array.isArray(cfg);
  check(
    cfg === undefined || isMap,
    "MOKA_USAGE",
    "cfg: settings by name are wanted, as in { TEST: { RPN_MIN_SIZE: 8 } }",
  );
  for (const [type, layerClass] of Object.entries(userLayers)) {
    check(
      typeof layerClass === "function",
      "MOKA_USAGE",
      `layers: what is registered as "${type}" must be a class, not ${layerClass === null ? "null" : typeof layerClass}`,
    );
  }
  return {
    catalog: createCatalog(userLayers),
    engine,
    files,
    images: createImages(),
    dialect,
    cfg,
    random: new Random(options.seed ?? seed ?? freshSeed()),
    log,
    weightFiles: new WeightFileStore(files, log),
  };
}
