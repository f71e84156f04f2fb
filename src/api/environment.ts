import { findBlas } from "#blas";
import { createFiles, createImages } from "#platform";
import { Catalog, type LayerConstructor } from "../core/catalog.js";
import type { Engine } from "../core/engine.js";
import type { NetContext } from "../core/net.js";
import { WeightFileStore } from "../data/weight-files.js";
import { ReferenceEngine } from "../engines/reference/index.js";
import { type Blas, coreCount, WasmEngine } from "../engines/wasm/index.js";
import { fill } from "../fillers/index.js";
import { layers } from "../layers/index.js";
import { check, reasonOf } from "../util/errors.js";
import type { Files } from "../util/files.js";
import { type Log, silent } from "../util/log.js";
import { freshSeed, Random } from "../util/random.js";

/** Options that nets and solvers have in common. */
export interface RunOptions {
  /**
   * What computes: `wasm` (WebAssembly with SIMD), `blas` (the same, with products and convolutions left to a native
   * BLAS: OpenBLAS, MKL, BLIS or Accelerate, or the library that the environment variable `MOKA_BLAS` names), or
   * `reference` (slow and readable). Default `auto`: `blas` where it is found and works, else `wasm`.
   */
  readonly engine?: "auto" | "blas" | "wasm" | "reference" | undefined;
  /** Threads to use. Default: as many as the machine has cores. */
  readonly threads?: number | undefined;
  /** Of the random generator. Default: the solver's `random_seed`, else one that differs each time. */
  readonly seed?: number | undefined;
  /**
   * Layers of the caller's own, subclasses of `Layer`, by `type`; one of Moka's with that type is not used then. What
   * stands for a layer of type `Python` is given as `module/layer` or `module.layer`, the names of its `python_param`.
   */
  readonly layers?: Readonly<Record<string, LayerConstructor>> | undefined;
  /** Takes what Caffe would log. Default: nothing is logged. */
  readonly log?: Log | undefined;
  /** Where files are read and written. Default: the file system in Node, an empty memory in a page. */
  readonly files?: Files | undefined;
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

/** @throws MokaError `MOKA_UNSUPPORTED` where the engine that was asked for cannot run */
export async function createEngine(options: RunOptions): Promise<Engine> {
  const { engine = "auto", threads = coreCount(), log = silent } = options;
  check(
    engine in engines,
    "MOKA_USAGE",
    `there is no engine "${engine}"; there are ${Object.keys(engines).join(", ")}`,
  );
  check(Number.isInteger(threads) && threads > 0, "MOKA_USAGE", `threads must be 1 or more, not ${threads}`);
  return engines[engine](threads, log);
}

/** What nets are built with, on this engine, but for `ownsEngine`. */
export function netContext(
  engine: Engine,
  options: RunOptions,
  seed: number | undefined,
): Omit<NetContext, "ownsEngine"> {
  const { log = silent, files = createFiles(), layers: own = {} } = options;
  for (const [type, layerClass] of Object.entries(own)) {
    check(
      typeof layerClass === "function",
      "MOKA_USAGE",
      `layers: what is registered as "${type}" must be a class, not ${layerClass === null ? "null" : typeof layerClass}`,
    );
  }
  return {
    catalog: new Catalog(layers, fill, own),
    engine,
    files,
    images: createImages(),
    random: new Random(options.seed ?? seed ?? freshSeed()),
    log,
    weightFiles: new WeightFileStore(files, log),
  };
}
