/** The worker's side of the port: it has the nets and solvers. */
import { portToParent } from "#platform";
import { Net as CoreNet } from "../../core/net.js";
import * as language from "../../language/index.js";
import { MemoryDataLayer } from "../../layers/data/memory-data.js";
import { changeFields, readFields } from "../../lint/change-fields.js";
import type { SolverEvent, SolverRunOptions } from "../../solvers/run.js";
import { Solver as CoreSolver, type SolverAction } from "../../solvers/solver.js";
import type { SolverEvents } from "../../solvers/solver-base.js";
import { loadArray, loadArrays, loadMean } from "../../tools/arrays.js";
import { type WatchOptions, watchBatchNorm } from "../../tools/batch-norm/watch.js";
import { computeImageMean } from "../../tools/compute-image-mean.js";
import { convertCifarData } from "../../tools/convert-cifar-data.js";
import { convertImageset } from "../../tools/convert-imageset.js";
import { convertMnistData } from "../../tools/convert-mnist-data.js";
import { convertMnistSiameseData } from "../../tools/convert-mnist-siamese-data.js";
import { compareWeights, describeWeights, weightValues } from "../../tools/describe-weights.js";
import { loadImage } from "../../tools/image-array.js";
import { parseLog } from "../../tools/parse-log.js";
import { plotLog } from "../../tools/plot-log.js";
import { type TimeLayersOptions, timeLayers } from "../../tools/time-layers.js";
import { writeDigits } from "../../tools/write-digits.js";
import { check } from "../../util/errors.js";
import { formatShape, type Shape, sameShape } from "../../util/shape.js";
import { calibrate } from "../calibrate.js";
import { doctor } from "../doctor.js";
import { drawNet } from "../draw-net.js";
import type { RunOptions } from "../environment.js";
import type { exportOnnx as ExportOnnx } from "../export-onnx.js";
import { fold } from "../fold.js";
import { fix, lint } from "../lint.js";
import { lintTraining } from "../lint-training.js";
import { Net, type NetOptions } from "../net.js";
import type { NetSource, SolverSource } from "../read-text.js";
import { Solver, type SolverOptions } from "../solver.js";
import { stats } from "../stats.js";
import { summarize } from "../summary.js";
import { ruleSummaries, translateFinding } from "../translate-finding.js";
import { upgradeText } from "../upgrade-text.js";
import { emptyMessage } from "./messages.js";
import { Peer } from "./peer.js";
import type { Port } from "./port.js";
import type {
  Answer,
  BlobFacts,
  BlobPart,
  BlobPath,
  Change,
  FunctionName,
  NetFacts,
  SolverFacts,
  SolverState,
} from "./protocol.js";

const functions = {
  ...language,
  ruleSummaries,
  translateFinding,
  calibrate,
  changeFields,
  compareWeights,
  computeImageMean,
  convertCifarData,
  convertImageset,
  convertMnistData,
  convertMnistSiameseData,
  describeWeights,
  doctor,
  drawNet,
  // ONNX's schema and mappings are as large as half of all else.
  exportOnnx: async (...args: Parameters<typeof ExportOnnx>) => (await import("../export-onnx.js")).exportOnnx(...args),
  fix,
  fold,
  lint,
  loadArray,
  loadArrays,
  loadImage,
  loadMean,
  parseLog,
  plotLog,
  readFields,
  stats,
  summarize,
  upgradeText,
  weightValues,
  writeDigits,
} as const satisfies Readonly<Record<FunctionName, unknown>>;

/** The functions of the other side of a port, by their names. */
export type Functions = typeof functions;

export interface ServeOptions extends Pick<RunOptions, "layers"> {
  /** The port to serve. Default: the port to the program that started this worker. */
  readonly port?: Port | undefined;
}

/**
 * Makes a worker that `connect` can use, with the caller's own layers:
 *
 * ```ts
 * import { serve } from "moka-caffe/worker/host";
 *
 * serve({ layers: { MyType: MyLayer } });
 * ```
 *
 * Other messages on the port are left alone. Each port has nets and solvers of its own; they are disposed of when it closes.
 */
export function serve({ port = portToParent(), layers }: ServeOptions = {}): void {
  check(port, "MOKA_USAGE", "serve() without a port is for a worker: nobody started this program as one");
  const host = new Host({ layers });
  new Peer(port, { methods: host.methods, messages: () => emptyMessage, onEnd: () => host.dispose() });
}

/** A `solver.run` whose events the other side asks for. */
interface Run {
  readonly events: AsyncGenerator<SolverEvent, void, undefined>;
  /** The signal of each call that asks for an event ends the run. */
  readonly controller: AbortController;
}

class Host {
  readonly #options: Pick<RunOptions, "layers">;
  readonly #objects = new Map<number, CoreNet | CoreSolver>();
  /** The shapes that the other side knows. */
  readonly #known = new Map<CoreNet, Map<string, Shape>>();
  /** The request that a solver has not seen yet. */
  readonly #requests = new Map<CoreSolver, SolverAction>();
  readonly #runs = new Map<number, Run>();
  #lastHandle = 0;

  constructor(options: Pick<RunOptions, "layers">) {
    this.#options = options;
  }

  readonly methods = {
    ...functions,
    loadNet: async (source: NetSource, options: NetOptions) =>
      this.#netFacts(await Net.load(source, { ...options, ...this.#options })),
    loadSolver: async (source: SolverSource, options: SolverOptions) =>
      this.#solverFacts(await Solver.load(source, { ...options, ...this.#options, lint: lintTraining })),

    forward: (handle: number, ...args: Parameters<CoreNet["forward"]>) =>
      this.#onNet(handle, (net) => net.forward(...args)),
    backward: (handle: number, ...args: Parameters<CoreNet["backward"]>) =>
      this.#onNet(handle, (net) => net.backward(...args)),
    forwardAll: (handle: number, ...args: Parameters<CoreNet["forwardAll"]>) =>
      this.#onNet(handle, (net) => net.forwardAll(...args)),
    forwardBackwardAll: (handle: number, ...args: Parameters<CoreNet["forwardBackwardAll"]>) =>
      this.#onNet(handle, (net) => net.forwardBackwardAll(...args)),
    save: (handle: number, ...args: Parameters<CoreNet["save"]>) => this.#onNet(handle, (net) => net.save(...args)),
    copyTrainedLayersFrom: (handle: number, ...args: Parameters<CoreNet["copyTrainedLayersFrom"]>) =>
      this.#onNet(handle, (net) => net.copyTrainedLayersFrom(...args)),
    // What acts at once there waits for its turn here.
    clearParamDiffs: (handle: number) => this.#inTurn(handle, (net) => net.clearParamDiffs()),
    reshape: (handle: number, ...args: Parameters<CoreNet["reshape"]>) =>
      this.#inTurn(handle, (net) => net.reshape(...args)),
    copyTrainedLayers: (handle: number, ...args: Parameters<CoreNet["copyTrainedLayers"]>) =>
      this.#inTurn(handle, (net) => net.copyTrainedLayers(...args)),
    toMessage: (handle: number, ...args: Parameters<CoreNet["toMessage"]>) =>
      this.#inTurn(handle, (net) => net.toMessage(...args)),
    lossWeight: (handle: number, name: string) => this.#inTurn(handle, (net) => net.lossWeight(name)),
    readLoss: (handle: number) => this.#inTurn(handle, (net) => net.loss),
    readBlob: (handle: number, path: BlobPath, part: BlobPart) =>
      this.#inTurn(handle, (net) => blobOf(net, path)[part].slice()),
    writeBlob: (handle: number, path: BlobPath, part: BlobPart, values: ArrayLike<number>) =>
      this.#inTurn(handle, (net) => {
        const blob = blobOf(net, path);
        check(
          values.length === blob.count,
          "MOKA_SHAPE",
          `blob "${blob.name}" has shape ${formatShape(blob.shape)}, but ${values.length} values were given`,
        );
        blob[part].set(values);
      }),
    watchBatchNorm: (handle: number, layer: string, options: WatchOptions) =>
      this.#inTurn(handle, (net) => watchBatchNorm(net, layer, options)),
    timeLayers: (handle: number, options: TimeLayersOptions) => this.#onNet(handle, (net) => timeLayers(net, options)),
    resetMemoryData: (handle: number, layer: string, data: Float32Array, labels: Float32Array) =>
      this.#inTurn(handle, (net) => {
        const found = net.layers.find(({ name }) => name === layer);
        check(found, "MOKA_LAYER", `the net has no layer "${layer}"`);
        check(
          found instanceof MemoryDataLayer,
          "MOKA_LAYER",
          `layer "${layer}" (${found.type}) is no MemoryData layer`,
        );
        found.reset(data, labels);
      }),

    step: (handle: number, ...args: Parameters<CoreSolver["step"]>) =>
      this.#onSolver(handle, (solver) => solver.step(...args)),
    solve: (handle: number, ...args: Parameters<CoreSolver["solve"]>) =>
      this.#onSolver(handle, (solver) => solver.solve(...args)),
    test: (handle: number, ...args: Parameters<CoreSolver["test"]>) =>
      this.#onSolver(handle, (solver) => solver.test(...args)),
    startRun: (handle: number, options: SolverRunOptions) =>
      this.#onSolver(handle, (solver) => {
        const controller = new AbortController();
        const events = solver.run({ ...options, signal: controller.signal });
        this.#runs.set(++this.#lastHandle, { events, controller });
        return this.#lastHandle;
      }),
    nextEvent: (handle: number, run: number, signal?: AbortSignal) =>
      this.#onSolver(handle, () => this.#nextEvent(run, signal)),
    endRun: (handle: number, run: number) =>
      this.#onSolver(handle, async () => {
        await this.#runs.get(run)?.events.return();
        this.#runs.delete(run);
      }),
    applyUpdate: (handle: number) => this.#onSolver(handle, (solver) => solver.applyUpdate()),
    snapshot: (handle: number) => this.#onSolver(handle, (solver) => solver.snapshot()),
    restore: (handle: number, path: string) => this.#onSolver(handle, (solver) => solver.restore(path)),
    state: (handle: number) => this.#onSolver(handle, stateOf),
    request: (handle: number, action: SolverAction) =>
      this.#onSolver(handle, (solver) => void this.#requests.set(solver, action)),
    /** The listener gets an event and what it changed. */
    listen: <E extends keyof SolverEvents>(
      handle: number,
      event: E,
      listener: (event: SolverEvents[E], change: Change) => void,
    ) => {
      const solver = this.#solver(handle);
      solver.on(event, (value) => listener(value, this.#changeOf(solver)));
    },

    dispose: async (handle: number) => {
      const object = this.#object(handle);
      await object.dispose();
      this.#forget(object);
    },
  } as const;

  /** Disposes of all that the other side left. */
  async dispose(): Promise<void> {
    const objects = [...new Set(this.#objects.values())];
    this.#objects.clear();
    await Promise.allSettled(objects.map((each) => each.dispose()));
  }

  async #nextEvent(number: number, signal: AbortSignal | undefined): Promise<IteratorResult<SolverEvent, void>> {
    const run = this.#runs.get(number);
    check(run, "MOKA_USAGE", "this run of the solver has ended");
    const abort = () => run.controller.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    try {
      const next = await run.events.next();
      if (next.done) this.#runs.delete(number);
      return next;
    } catch (error) {
      this.#runs.delete(number);
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  #object(handle: number): CoreNet | CoreSolver {
    const object = this.#objects.get(handle);
    check(object, "MOKA_USAGE", `the worker has no net or solver ${handle}: it was disposed of`);
    return object;
  }

  #net(handle: number): CoreNet {
    const net = this.#object(handle);
    check(net instanceof CoreNet, "MOKA_USAGE", `${handle} is a solver, not a net`);
    return net;
  }

  #solver(handle: number): CoreSolver {
    const solver = this.#object(handle);
    check(solver instanceof CoreSolver, "MOKA_USAGE", `${handle} is a net, not a solver`);
    return solver;
  }

  async #onNet<T>(handle: number, work: (net: CoreNet) => T | Promise<T>): Promise<Answer> {
    const net = this.#net(handle);
    const value = await work(net);
    return { value, change: this.#changeOf(net) };
  }

  #inTurn<T>(handle: number, work: (net: CoreNet) => T): Promise<Answer> {
    return this.#onNet(handle, (net) => net.turn(async () => work(net)));
  }

  async #onSolver<T>(handle: number, work: (solver: CoreSolver) => T | Promise<T>): Promise<Answer> {
    const solver = this.#solver(handle);
    const value = await work(solver);
    return { value, change: this.#changeOf(solver) };
  }

  #add(object: CoreNet | CoreSolver): number {
    this.#objects.set(++this.#lastHandle, object);
    return this.#lastHandle;
  }

  #forget(object: CoreNet | CoreSolver): void {
    const gone = new Set<CoreNet | CoreSolver>([object, ...netsOf(object)]);
    for (const [handle, each] of this.#objects) if (gone.has(each)) this.#objects.delete(handle);
    for (const net of netsOf(object)) this.#known.delete(net);
    if (object instanceof CoreSolver) this.#requests.delete(object);
  }

  #netFacts(net: CoreNet): NetFacts {
    const { name, phase, inputs, outputs } = net;
    const blobs = [...net.blobs.values()].map(factsOf);
    this.#known.set(net, new Map(blobs.map(({ name, shape }) => [name, shape])));
    return {
      handle: this.#add(net),
      name,
      phase,
      inputs,
      outputs,
      layers: net.layers.map(({ name, type, bottoms, tops }) => ({ name, type, bottoms, tops })),
      blobs,
      params: [...net.params].map(([layer, blobs]) => [layer, blobs.map(factsOf)]),
      engine: { description: net.engine.description },
    };
  }

  #solverFacts(solver: CoreSolver): SolverFacts {
    solver.onRequest(() => {
      const request = this.#requests.get(solver) ?? "none";
      this.#requests.delete(solver);
      return request;
    });
    const [net, ...testNets] = netsOf(solver).map((each) => this.#netFacts(each));
    return { ...stateOf(solver), handle: this.#add(solver), net: net as NetFacts, testNets };
  }

  #changeOf(object: CoreNet | CoreSolver): Change {
    const shapes = netsOf(object).flatMap((net) => {
      const known = this.#known.get(net) ?? new Map<string, Shape>();
      const changed = [...net.blobs.values()].filter(({ name, shape }) => !sameShape(known.get(name) ?? [], shape));
      for (const { name, shape } of changed) known.set(name, shape);
      if (changed.length === 0) return [];
      return [[this.#handleOf(net), Object.fromEntries(changed.map(({ name, shape }) => [name, shape]))] as const];
    });
    return { state: object instanceof CoreSolver ? stateOf(object) : undefined, shapes };
  }

  #handleOf(object: CoreNet): number {
    for (const [handle, each] of this.#objects) if (each === object) return handle;
    return 0;
  }
}

function netsOf(object: CoreNet | CoreSolver): readonly CoreNet[] {
  return object instanceof CoreSolver ? [object.net, ...object.testNets] : [object];
}

function stateOf({ iter, lr, loss, smoothedLoss, stopped }: CoreSolver): SolverState {
  return { iter, lr, loss, smoothedLoss, stopped };
}

function factsOf({ name, shape }: BlobFacts): BlobFacts {
  return { name, shape };
}

function blobOf(net: CoreNet, path: BlobPath) {
  const blob = "blob" in path ? net.blobs.get(path.blob) : net.params.get(path.layer)?.[path.index];
  const name = "blob" in path ? `blob "${path.blob}"` : `parameter ${path.index} of layer "${path.layer}"`;
  check(blob, "MOKA_BLOB", `the net has no ${name}`);
  return blob;
}
