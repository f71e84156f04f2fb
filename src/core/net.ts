import type { NetParameter, NetState } from "../proto/gen/caffe_pb.js";
import type { Weights } from "../proto/weight-sources.js";
import { check } from "../util/errors.js";
import { inPieces } from "../util/event-loop.js";
import { pathOf } from "../util/files.js";
import type { Log } from "../util/log.js";
import type { Values } from "../util/nd-array.js";
import { formatShape, type Shape, sameShape } from "../util/shape.js";
import { type Turns, turnsOf } from "../util/turns.js";
import type { Node } from "./backward-plan.js";
import type { Blob } from "./blob.js";
import { type BuildContext, buildNet, type NetParts } from "./build-net.js";
import { backwardInfo, forwardInfo, normInfo } from "./debug-info.js";
import type { Engine } from "./engine.js";
import type { Direction, Execution } from "./execution.js";
import { checkRange, type InputValues, inputValues } from "./input-values.js";
import type { Layer, Phase } from "./layer.js";
import { loadWeights, type WeightFiles } from "./load-weights.js";
import { NetBase } from "./net-base.js";
import type { Learnable } from "./params.js";
import type { GradientGroup } from "./passes/announce-gradients.js";
import type { Program } from "./program.js";
import { type RecordingOptions, Recordings } from "./recordings.js";
import { reshapeNodes } from "./reshape-nodes.js";
import type { Span } from "./span.js";
import type { Tensor } from "./tensor.js";
import { copyTrainedLayers, netToMessage, shareTrainedLayers } from "./weights.js";

export interface NetContext extends Omit<BuildContext, "memory">, RecordingOptions {
  /** Whether the net frees its engine when the net is disposed of. */
  readonly ownsEngine: boolean;
  readonly weightFiles: WeightFiles;
}

/** What code may do inside a turn that it took; see `Net.turn`. */
export interface NetInTurn {
  /** Runs forward for the layers with these indices, both included; default all. The outputs stay in the blobs. */
  forward(low?: number, high?: number): Promise<void>;
  /** Runs backward for the layers with these indices, both included, from `high` down to `low`; default all. */
  backward(low?: number, high?: number): Promise<void>;
  save: Net["save"];
  copyTrainedLayersFrom: Net["copyTrainedLayersFrom"];
}

/** Names of the first and the last layer; both are included. */
export interface LayerRange {
  /** The first layer that runs. Default: the first of the net, of backward the last. */
  readonly from?: string | undefined;
  /** The last layer that runs. Default: the last of the net, of backward the first. */
  readonly to?: string | undefined;
}

/**
 * A network: layers connected by blobs, with forward and backward as programs on an engine.
 *
 * Programs are recorded at the first use and when shapes change. If all layers are Moka's own, they are not recorded again
 * for the last few shapes.
 *
 * Methods that return promises take turns, in the order of the calls: each begins when the ones before it have ended, also
 * those of other nets on the same engine. So calls may be made in parallel. The other methods act at once, and throw during a run.
 * A layer of your own must not wait for a method of its net: that method waits for the run that the layer is part of.
 */
export class Net extends NetBase {
  /** The net's `name` in the prototxt. */
  readonly name: string;
  /** It selects layers, and changes how some of them compute. */
  readonly phase: Phase;
  /** Names of the tops of Input layers. */
  readonly inputs: readonly string[];
  /** Names of the blobs that no layer reads, sorted. */
  readonly outputs: readonly string[];
  /** In the order in which they run, with the splits that Caffe inserts. */
  readonly layers: readonly Layer[];
  /** Every blob by name, in the order of the layers, as pycaffe's `net.blobs`. */
  readonly blobs: ReadonlyMap<string, Blob>;
  /** The parameters by layer name; layers without parameters are left out. */
  readonly params: ReadonlyMap<string, Blob[]>;
  /**
   * Whether every run logs, layer by layer, the mean absolute values of blobs and gradients, in Caffe's words. It starts
   * as the net's `debug_info`; a solver sets it for the iterations it displays.
   */
  debugInfo = false;
  readonly #parts: NetParts;
  readonly #context: NetContext;
  readonly #recordings: Recordings;
  readonly #turns: Turns;
  /** The number of runs that have begun and not ended. */
  #runs = 0;
  /** The end of `dispose`, from its call on. */
  #disposal: Promise<void> | undefined;

  private constructor(parts: NetParts, context: NetContext) {
    super();
    this.#parts = parts;
    this.#context = context;
    this.#recordings = new Recordings(parts, context);
    this.#turns = turnsOf(context.engine);
    this.name = parts.name;
    this.phase = parts.phase;
    this.inputs = parts.inputs;
    this.outputs = parts.outputs;
    this.layers = parts.nodes.map(({ layer }) => layer);
    this.blobs = new Map([...parts.tensors].map(([name, tensor]) => [name, tensor.blob]));
    const withParams = this.layers.filter(({ params }) => params.length > 0);
    this.params = new Map(withParams.map((layer) => [layer.name, layer.blobs]));
  }

  /** Builds the net of `message`, whose layers must be upgraded to the current form, in this state. */
  static async build(message: NetParameter, state: NetState, context: NetContext): Promise<Net> {
    const parts = await buildNet(message, state, { ...context, memory: context.engine });
    const net = new Net(parts, context);
    net.debugInfo = message.debugInfo;
    try {
      await inPieces(net.#recordings.start());
      // A view shares its bottom's diff from its recording on.
      net.#fillLossDiffs();
    } catch (error) {
      await net.dispose();
      throw error;
    }
    return net;
  }

  /** What computes; nets of one solver have one engine. */
  get engine(): Engine {
    return this.#context.engine;
  }

  /** What receives the lines that Caffe would log. */
  get log(): Log {
    return this.#context.log;
  }

  /** The parameters that a solver updates: each one once, with its multipliers. */
  get learnables(): readonly Learnable[] {
    return this.#parts.params.learnables;
  }

  /** The layers with their blobs, and the gradients that backward computes for them. */
  get nodes(): readonly Readonly<Node>[] {
    return this.#parts.nodes;
  }

  /** The sum of all losses times their weights, from the last forward. */
  get loss(): number {
    let loss = 0;
    for (const { tensor, weight } of this.#lossTops()) {
      for (const value of tensor.data.array) loss += weight * value;
    }
    return Math.fround(loss);
  }

  /**
   * The weight of this blob in the loss; 0 for most.
   *
   * @example
   * ```ts
   * const train = await Net.load("train_val.prototxt", { phase: "TRAIN" });
   * console.log(train.lossWeight("loss"), train.lossWeight("conv1")); // 1 0
   * ```
   */
  lossWeight(name: string): number {
    for (const { tensor, weight } of this.#lossTops()) if (tensor.name === name) return weight;
    return 0;
  }

  /**
   * Does `work` as one turn: what else is asked of this net, and of others on its engine, waits until the promise of `work`
   * settles. Inside `work`, call the methods of `inTurn`: the net's other methods that return promises would wait for this turn
   * for ever.
   *
   * @example
   * ```ts
   * await net.turn(async () => {
   *   await net.inTurn.forward();
   *   await net.inTurn.save("now.caffemodel"); // no other call comes between
   * });
   * ```
   */
  async turn<T>(work: () => Promise<T>): Promise<T> {
    this.#checkUsable();
    return this.#turns.take(work);
  }

  /** The net's runs and files for code that has taken a turn: they wait for nothing. */
  readonly inTurn: NetInTurn = {
    forward: (low, high) => this.#run("forward", low, high),
    backward: (low, high) => this.#run("backward", low, high),
    save: (path, { diff } = {}) =>
      this.#context.weightFiles.write(pathOf(path), netToMessage(this.name, this.layers, diff)),
    copyTrainedLayersFrom: (weights, namedBy, mayMiss = this.phase === "TRAIN") =>
      loadWeights(this.layers, weights, this.#context, namedBy, mayMiss),
  };

  /**
   * Runs the net, or the layers `from` … `to` of it. Inputs, run and outputs are one turn.
   *
   * @param inputs values of input blobs by name, row-major, exactly as many as the blob has; or an array with its shape, or a
   * `Blob`, whose shape must be the input's but for axes of size 1; other inputs do not change
   * @returns copies of the output blobs, or of the tops of `to` if it is given, by name
   * @throws MokaError `MOKA_USAGE` for an input that is not made of numbers, `MOKA_SHAPE` for one that does not fit
   * @example
   * ```ts
   * const { prob } = await net.forward({ data: pixels });
   * console.log(prob.length); // 10
   * const { conv1 } = await net.forward({}, { to: "conv1" }); // the same input, up to this layer
   * ```
   */
  async forward(
    inputs: Readonly<Record<string, Values>> = {},
    range: LayerRange = {},
  ): Promise<Record<string, Float32Array>> {
    checkRange(range);
    // The caller may change its arrays before the turn comes.
    const copies = this.#turns.areTaken;
    const given = Object.entries(inputs).map(([name, values]) => {
      const { data, shape } = inputValues(name, values);
      return [name, { data: copies ? Float32Array.from(data) : data, shape }] as const;
    });
    this.#checkUsable();
    // As `take` does, without its promises: they take a tenth of the time of a very small net.
    const wait = this.#turns.begin();
    if (wait) await wait;
    try {
      for (const [name, values] of given) this.#setInput(name, values);
      const { low, high } = this.#indices(range.from, range.to);
      await this.inTurn.forward(low, high);
      const names = range.to === undefined ? this.outputs : (this.layers[high]?.tops ?? []);
      return Object.fromEntries(names.map((name) => [name, this.blobs.get(name)?.data.slice() ?? new Float32Array(0)]));
    } finally {
      this.#turns.end();
    }
  }

  /**
   * Computes gradients from layer `from` back to layer `to`. It starts with the diffs that the top blobs hold; the net sets
   * a loss's diff to its `loss_weight`. Parameter diffs add up until `clearParamDiffs`.
   *
   * @example
   * ```ts
   * await net.forward({ data: pixels });
   * net.blobs.get("prob").diff[3] = 1; // the gradient of one class
   * net.clearParamDiffs();
   * await net.backward();
   * console.log(net.params.get("conv1")[0].diff.length); // 108
   * ```
   */
  async backward(range: LayerRange = {}): Promise<void> {
    checkRange(range);
    const { low, high } = this.#indices(range.to, range.from);
    await this.runBackward(low, high);
  }

  /**
   * Runs forward for the layers with these indices; the outputs stay in the blobs.
   *
   * @example
   * ```ts
   * await net.runForward(0, 2); // the first three layers
   * console.log(net.blobs.get("conv1").data.length); // 144
   * ```
   */
  async runForward(low?: number, high?: number): Promise<void> {
    await this.turn(() => this.inTurn.forward(low, high));
  }

  /**
   * Runs backward for the layers with these indices, from `high` down to `low`.
   *
   * @example
   * ```ts
   * await net.runForward();
   * await net.runBackward(5, 6); // the last two layers
   * ```
   */
  async runBackward(low?: number, high?: number): Promise<void> {
    await this.turn(() => this.inTurn.backward(low, high));
  }

  /**
   * Sets the diffs of all parameters to 0.
   *
   * @example
   * ```ts
   * net.clearParamDiffs(); // else the gradients of this batch are added to those of the last
   * await net.forward({ data: pixels });
   * await net.backward();
   * ```
   */
  clearParamDiffs(): void {
    this.#checkIdle();
    for (const { tensor } of this.learnables) tensor.diff.array.fill(0);
  }

  /**
   * Gives input blobs other shapes, and computes all shapes that depend on them. If a layer refuses one, no shape changes.
   * Without shapes, all layers record again. With the present shapes, they do so only if a layer is the user's own.
   *
   * @throws MokaError `MOKA_SHAPE` if a layer cannot take them, or its parameters would have to change shape; `MOKA_USAGE`
   *   during a run
   * @example
   * ```ts
   * net.reshape({ data: [5, 3, 8, 8] }); // a batch of 5
   * console.log(net.blobs.get("prob").shape); // [ 5, 10 ]
   * ```
   */
  reshape(inputShapes: Readonly<Record<string, Shape>> = {}): void {
    this.#checkIdle();
    const inputs = Object.entries(inputShapes).map(([name, shape]) => [this.#input(name), shape] as const);
    if (inputs.every(([input, shape]) => sameShape(input.shape, shape))) {
      // A call without shapes means that a layer was changed by hand.
      if (inputs.length > 0 && this.#recordings.isReused) return;
      this.#recordings.drop();
    }
    this.#change(0, 0, () => {
      for (const [input, shape] of inputs) input.reshape(shape);
    });
  }

  /**
   * Writes the parameters, and with `diff` their gradients, to `.caffemodel` (binary proto) or `.caffemodel.h5`
   * (HDF5), by extension.
   *
   * @example
   * ```ts
   * await net.save("copy.caffemodel");
   * await net.save("copy.caffemodel.h5");
   * ```
   */
  async save(path: string | URL, options: { diff?: boolean } = {}): Promise<void> {
    await this.turn(() => this.inTurn.save(path, options));
  }

  /**
   * Copies parameters by layer name from one file or message, or several, one after the other. Layers of a file that the
   * net does not have are ignored. Layers of the net that no file has do not change; the log names them, and the weights that
   * no layer took: as a warning in phase TEST, and in TRAIN, where a net is finetuned, as information.
   *
   * @param weights a caffemodel's path or address, its bytes, a `Blob` or the message; or several
   * @param namedBy the file that names the paths; its folder is searched too
   * @param mayMiss whether the log names them as information in any case. Default: in phase TRAIN
   * @throws MokaError `MOKA_WEIGHTS` if a layer's blobs differ in number or shape; nothing is copied from that file
   * @example
   * ```ts
   * await net.copyTrainedLayersFrom("net.caffemodel");
   * await net.copyTrainedLayersFrom(["net.caffemodel", bytes]);
   * ```
   */
  async copyTrainedLayersFrom(weights: Weights, namedBy?: string, mayMiss?: boolean): Promise<void> {
    await this.turn(() => this.inTurn.copyTrainedLayersFrom(weights, namedBy, mayMiss));
  }

  /**
   * Copies parameters as `copyTrainedLayersFrom` does, but from a message; `origin` names it in errors.
   *
   * @example
   * ```ts
   * const copy = await Net.load("net.prototxt");
   * copy.copyTrainedLayers(net.toMessage());
   * ```
   */
  copyTrainedLayers(source: NetParameter, origin = "the weights"): void {
    this.#checkIdle();
    for (const _ of copyTrainedLayers(this.layers, source, origin, this.log));
  }

  /**
   * Uses the parameters of another net on the same engine instead of its own, by layer name. The memory is shared: when
   * one net learns, the parameters of the other change too.
   *
   * @example
   * ```ts
   * const [testNet] = solver.testNets;
   * testNet.shareTrainedLayersWith(solver.net); // as the solver has done already
   * ```
   */
  shareTrainedLayersWith(other: Net): void {
    this.#checkIdle();
    shareTrainedLayers(this.layers, other.layers, this.log);
    this.#recordings.drop();
  }

  /**
   * Tells, in all later runs of backward, when gradients of parameters are computed, while backward goes on below them: for
   * work that can begin with them, such as their sum over several machines. It replaces the groups that were given before.
   *
   * @example
   * ```ts
   * const [weights] = net.learnables;
   * net.announceGradients([{ spans: [weights.tensor.diff], ready: () => console.log(`${weights.layer.name} is done`) }]);
   * await net.forward({ data: pixels });
   * await net.backward(); // conv1 is done
   * ```
   */
  announceGradients(groups: readonly GradientGroup[]): void {
    this.#checkIdle();
    this.#recordings.announceGradients(groups);
  }

  /**
   * The message of the net with its parameters, as in Caffe's `.caffemodel`.
   *
   * @example
   * ```ts
   * const { layer } = net.toMessage();
   * console.log(layer.map(({ name }) => name).join(" ")); // data conv1 bn1 scale1 relu1 fc prob
   * ```
   */
  toMessage(options: { diff?: boolean } = {}): NetParameter {
    this.#checkUsable();
    return netToMessage(this.name, this.layers, options.diff);
  }

  /** The plan of whole runs: fused steps, and shared memory if it is allowed. */
  get execution(): Pick<Execution, "plan" | "memory"> {
    this.#checkUsable();
    return this.#recordings.prepare().execution;
  }

  /**
   * The recorded program of one direction, to be printed, timed or rewritten.
   *
   * @example
   * ```ts
   * const kernels = net.program("forward").steps.filter(({ kind }) => kind === "kernel");
   * console.log(kernels.length);
   * ```
   */
  program(direction: Direction): Program {
    this.#checkUsable();
    return { steps: this.#recordings.prepare().execution.recorded[direction] ?? [] };
  }

  /**
   * Frees memory and closes files, after the calls before it have ended. From its call on, the net refuses all others.
   * Further calls return the same promise.
   *
   * @example
   * ```ts
   * await net.dispose();
   * ```
   */
  dispose(): Promise<void> {
    this.#disposal ??= this.#turns.take(() => this.#release());
    return this.#disposal;
  }

  async #release(): Promise<void> {
    this.#recordings.drop();
    const failures: unknown[] = [];
    for (const { layer, top } of this.#parts.nodes) {
      // All files are closed, even if closing one of them fails.
      await layer.close().catch((error) => failures.push(layer.explain(error)));
      for (const tensor of [...top, ...layer.params]) tensor.release();
    }
    if (this.#context.ownsEngine) await this.engine.dispose();
    if (failures.length > 0) throw failures[0];
  }

  // ---- shapes

  /** Changes shapes: `apply` changes inputs or the tops of layer `from`, and then the layers from `first` on follow. */
  #change(from: number, first: number, apply: () => void): void {
    this.#recordings.change(from, apply, () => reshapeNodes(this.#parts.nodes.slice(first)));
    this.#fillLossDiffs();
  }

  // ---- running

  #checkUsable(): void {
    check(!this.#disposal, "MOKA_USAGE", `net "${this.name}" was disposed of: it cannot be used any more`);
  }

  /** Throws during a run, because the call would change what the run works with. */
  #checkIdle(): void {
    this.#checkUsable();
    check(
      this.#runs === 0,
      "MOKA_USAGE",
      `net "${this.name}" runs now: wait for the promise of that run before this call`,
    );
  }

  async #run(direction: Direction, low = 0, high = this.layers.length - 1): Promise<void> {
    this.#runs++;
    try {
      await (direction === "forward" ? this.#runForward(low, high) : this.#runBackward(low, high));
    } finally {
      this.#runs--;
    }
  }

  async #runForward(low: number, high: number): Promise<void> {
    let start = low;
    for (let index = low; index <= high; index++) {
      const node = this.#parts.nodes[index];
      if (!node?.layer.liveShapes) continue;
      if (index > start) await this.#advance(start, index - 1);
      start = index;
      const shapes = await node.layer.liveShapes(node.bottom);
      if (node.top.every((top, i) => sameShape(top.shape, shapes[i] ?? []))) continue;
      this.#change(index, index + 1, () => node.top.forEach((top, i) => void top.reshape(shapes[i] ?? [])));
    }
    await this.#advance(start, high);
  }

  async #runBackward(low: number, high: number): Promise<void> {
    check(this.#context.backward !== false, "MOKA_USAGE", "this net was built for testing only, without backward");
    const { execution, refusal, written } = this.#recordings.prepare();
    if (refusal !== undefined) throw refusal;
    // A layer in place writes the gradient of its bottom over the loss weight.
    this.#fillLossDiffs(low, high, written);
    if (!this.debugInfo) {
      await execution.run("backward", low, high);
      return;
    }
    for (let index = high; index >= low; index--) {
      await execution.run("backward", index, index);
      const node = this.#parts.nodes[index];
      if (!node?.needsBackward) continue;
      for (const { origin, text } of backwardInfo(node)) this.log("info", origin, text);
    }
    if (high - low < this.layers.length - 1) return;
    const { origin, text } = normInfo(this.learnables);
    this.log("error", origin, text);
  }

  /** Runs forward from one layer to another. No shape changes between them. */
  #advance(low: number, high: number): Promise<void> {
    if (this.debugInfo) return this.#advanceAndLog(low, high);
    return this.#recordings.prepare().execution.run("forward", low, high);
  }

  async #advanceAndLog(low: number, high: number): Promise<void> {
    for (const [i, node] of this.#parts.nodes.slice(low, high + 1).entries()) {
      await this.#recordings.prepare().execution.run("forward", low + i, low + i);
      for (const { origin, text } of forwardInfo(node)) this.log("info", origin, text);
    }
  }

  // ---- lookups

  *#lossTops(low = 0, high = this.layers.length - 1): Iterable<{ tensor: Tensor; weight: number }> {
    for (const { top, lossWeights } of this.#parts.nodes.slice(low, high + 1)) {
      for (const [i, tensor] of top.entries()) {
        const weight = lossWeights[i] ?? 0;
        if (weight !== 0) yield { tensor, weight };
      }
    }
  }

  /** Sets the diffs of losses to their weights: of all, or of those from `low` to `high` that lie in `spans`. */
  #fillLossDiffs(low?: number, high?: number, spans?: ReadonlySet<Span>): void {
    for (const { tensor, weight } of this.#lossTops(low, high)) {
      if (spans?.has(tensor.diff.root) ?? true) tensor.diff.array.fill(weight);
    }
  }

  #input(name: string): Tensor {
    const tensor = this.inputs.includes(name) ? this.#parts.tensors.get(name) : undefined;
    check(tensor, "MOKA_BLOB", `the net has no input "${name}"; its inputs are ${this.inputs.join(", ") || "none"}`);
    return tensor;
  }

  #setInput(name: string, { data, shape }: InputValues): void {
    const tensor = this.#input(name);
    const sizes = (of: Shape) => of.filter((size) => size !== 1);
    const fits = data.length === tensor.count && (shape === undefined || sameShape(sizes(shape), sizes(tensor.shape)));
    const what = shape === undefined ? `${data.length} values were given` : `the array has ${formatShape(shape)}`;
    check(fits, "MOKA_SHAPE", `input "${name}" has shape ${formatShape(tensor.shape)}, but ${what}`);
    tensor.data.array.set(data);
  }

  /** Indices of two layers by name. Without a name: the first or last layer of the net. */
  #indices(low: string | undefined, high: string | undefined): { low: number; high: number } {
    const find = (name: string) => {
      const index = this.layers.findIndex((layer) => layer.name === name);
      check(index >= 0, "MOKA_LAYER", `the net has no layer "${name}"`);
      return index;
    };
    return {
      low: low === undefined ? 0 : find(low),
      high: high === undefined ? this.layers.length - 1 : find(high),
    };
  }
}
