import type { Net as CoreNet, LayerRange } from "../../core/net.js";
import type { NetParameter } from "../../proto/gen/caffe_pb.js";
import type { Weights } from "../../proto/weight-sources.js";
import type { WatchedBatchNorm, WatchOptions } from "../../tools/batch-norm/watch.js";
import type { LayerTimes, TimeLayersOptions } from "../../tools/time-layers.js";
import { MokaError } from "../../util/errors.js";
import { ResourceOwner } from "../../util/resource-owner.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import type { CallOptions, Loan, Peer } from "./peer.js";
import type {
  Answer,
  BlobFacts,
  BlobPart,
  BlobPath,
  Change,
  ForwardOptions,
  LayerFacts,
  NetChange,
  NetFacts,
  TransferOptions,
} from "./protocol.js";

/** Calls a method of one net or solver of the worker. */
export class Handle {
  readonly #peer: Peer;
  readonly #number: number;
  readonly #what: string;
  readonly #apply: (change: Change) => void;
  /** What loading it has lent; `dispose` takes it back. */
  readonly #loan: Loan;
  #disposal: Promise<void> | undefined;

  constructor(peer: Peer, number: number, what: string, loan: Loan, apply: (change: Change) => void) {
    this.#peer = peer;
    this.#number = number;
    this.#what = what;
    this.#loan = loan;
    this.#apply = apply;
  }

  async call(method: string, args: readonly unknown[], options: CallOptions = {}): Promise<unknown> {
    if (this.#disposal) {
      throw new MokaError("MOKA_USAGE", `${this.#what} was disposed of: it cannot be used any more`);
    }
    const { value, change } = (await this.#peer.call(method, [this.#number, ...args], options)) as Answer;
    this.#apply(change);
    return value;
  }

  takeBack(loan: Loan): void {
    this.#peer.takeBack(loan);
  }

  /** Has the worker call `listener` at every such event, until the object is disposed of. */
  listen(event: string, listener: (...args: never[]) => void): void {
    // A worker that has ended sends no events; the next call says so.
    this.#peer.call("listen", [this.#number, event, listener], { loan: this.#loan }).catch(() => {});
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  /** Refuses all calls, since what the worker has of it was disposed of with something else. */
  disposeWith(disposal: Promise<void>): void {
    this.#disposal ??= disposal;
  }

  async #dispose(): Promise<void> {
    try {
      await this.#peer.call("dispose", [this.#number]);
    } finally {
      this.#peer.takeBack(this.#loan);
    }
  }
}

/** A blob of a net in a worker. */
export class Blob {
  readonly name: string;
  readonly #path: BlobPath;
  readonly #handle: Handle;
  #shape: Shape;

  constructor({ name, shape }: BlobFacts, path: BlobPath, handle: Handle) {
    this.name = name;
    this.#shape = shape;
    this.#path = path;
    this.#handle = handle;
  }

  /** Sizes of the axes, outermost first, as of the last answer or event of its net. */
  get shape(): Shape {
    return this.#shape;
  }

  get count(): number {
    return countOf(this.#shape);
  }

  /**
   * A copy of the values, or with `"diff"` of the gradients.
   *
   * @throws MokaError `MOKA_USAGE`, in a net with `keep: "outputs"`, once other blobs use the memory
   */
  async read(part: BlobPart = "data"): Promise<Float32Array> {
    return (await this.#handle.call("readBlob", [this.#path, part])) as Float32Array;
  }

  /**
   * Sets the values, or with `"diff"` the gradients.
   *
   * @throws MokaError `MOKA_SHAPE` unless there are exactly as many as the blob has
   */
  async write(values: ArrayLike<number>, part: BlobPart = "data", options: TransferOptions = {}): Promise<void> {
    await this.#handle.call("writeBlob", [this.#path, part, values], options);
  }

  /** As Caffe prints it: `1 3 227 227 (154587)`. */
  toString(): string {
    return formatShape(this.shape);
  }

  /** For the net: what its last answer says. */
  static setShape(blob: Blob, shape: Shape): void {
    blob.#shape = shape;
  }
}

/**
 * A net in a worker: the methods of a net, all with promises. They take turns in the order of the calls, as there. `forward`
 * and `read` return copies, which are transferred, not copied once more.
 */
export class Net extends ResourceOwner {
  readonly name: string;
  readonly phase: NetFacts["phase"];
  /** Names of the tops of Input layers. */
  readonly inputs: readonly string[];
  /** Names of the blobs that no layer reads, sorted. */
  readonly outputs: readonly string[];
  readonly layers: readonly LayerFacts[];
  /** Every blob by name, in the order of the layers. */
  readonly blobs: ReadonlyMap<string, Blob>;
  /** The parameters by layer name; layers without parameters are left out. */
  readonly params: ReadonlyMap<string, readonly Blob[]>;
  readonly engine: { readonly description: string };
  readonly #handle: Handle;

  constructor(peer: Peer, facts: NetFacts, loan: Loan) {
    super();
    const { handle, name, phase, inputs, outputs, layers, blobs, params, engine } = facts;
    this.#handle = new Handle(peer, handle, `net "${name}"`, loan, (change) => {
      for (const [, shapes] of change.shapes) Net.setShapes(this, shapes);
    });
    this.name = name;
    this.phase = phase;
    this.inputs = inputs;
    this.outputs = outputs;
    this.layers = layers;
    this.engine = engine;
    this.blobs = new Map(blobs.map((each) => [each.name, new Blob(each, { blob: each.name }, this.#handle)]));
    this.params = new Map(
      params.map(([layer, list]) => [layer, list.map((each, index) => new Blob(each, { layer, index }, this.#handle))]),
    );
  }

  /** For the solver: shapes that changed in its net. */
  static setShapes(net: Net, shapes: NetChange): void {
    for (const [name, shape] of Object.entries(shapes)) {
      const blob = net.blobs.get(name);
      if (blob) Blob.setShape(blob, shape);
    }
  }

  /** For the solver: its nets are disposed of with it. */
  static disposeWith(net: Net, disposal: Promise<void>): void {
    net.#handle.disposeWith(disposal);
  }

  /** Runs the net, or the layers `from` … `to` of it; as in a net here. */
  async forward(
    inputs: Readonly<Record<string, ArrayLike<number>>> = {},
    { transfer, ...range }: ForwardOptions = {},
  ): Promise<Record<string, Float32Array>> {
    return (await this.#handle.call("forward", [inputs, range], { transfer })) as Record<string, Float32Array>;
  }

  /** Runs as many rows as are given, batch by batch; as in a net here. */
  async forwardAll(...args: Parameters<CoreNet["forwardAll"]>): ReturnType<CoreNet["forwardAll"]> {
    return (await this.#handle.call("forwardAll", args)) as Awaited<ReturnType<CoreNet["forwardAll"]>>;
  }

  /** The same with the gradients of the inputs; as in a net here. */
  async forwardBackwardAll(
    ...args: Parameters<CoreNet["forwardBackwardAll"]>
  ): ReturnType<CoreNet["forwardBackwardAll"]> {
    return (await this.#handle.call("forwardBackwardAll", args)) as Awaited<ReturnType<CoreNet["forwardBackwardAll"]>>;
  }

  /** Computes gradients from layer `from` back to layer `to`; as in a net here. */
  async backward(range: LayerRange = {}): Promise<void> {
    await this.#handle.call("backward", [range]);
  }

  /** Sets the diffs of all parameters to 0. */
  async clearParamDiffs(): Promise<void> {
    await this.#handle.call("clearParamDiffs", []);
  }

  /** Gives input blobs other shapes, and computes all shapes that depend on them. */
  async reshape(inputShapes: Readonly<Record<string, Shape>> = {}): Promise<void> {
    await this.#handle.call("reshape", [inputShapes]);
  }

  /** Writes the parameters to `.caffemodel` or `.caffemodel.h5`, in the files that the net was loaded with. */
  async save(path: string, options: { diff?: boolean } = {}): Promise<void> {
    await this.#handle.call("save", [path, options]);
  }

  /** Copies parameters by layer name from files or messages; as in a net here. */
  async copyTrainedLayersFrom(weights: Weights, namedBy?: string): Promise<void> {
    await this.#handle.call("copyTrainedLayersFrom", [weights, namedBy]);
  }

  /** Copies parameters as `copyTrainedLayersFrom` does, but from a message; `origin` names it in errors. */
  async copyTrainedLayers(source: NetParameter, origin?: string): Promise<void> {
    await this.#handle.call("copyTrainedLayers", [source, origin]);
  }

  /** The message of the net with its parameters, as in Caffe's `.caffemodel`. */
  async toMessage(options: { diff?: boolean } = {}): Promise<NetParameter> {
    return (await this.#handle.call("toMessage", [options])) as NetParameter;
  }

  /** The sum of all losses times their weights, from the last forward: `loss` of a net here. */
  async readLoss(): Promise<number> {
    return (await this.#handle.call("readLoss", [])) as number;
  }

  /** The weight of this blob in the loss; 0 for most. */
  async lossWeight(name: string): Promise<number> {
    return (await this.#handle.call("lossWeight", [name])) as number;
  }

  /** What a BatchNorm does with the last batch; as `watchBatchNorm` of a net here. */
  async watchBatchNorm(layer: string, options: WatchOptions = {}): Promise<WatchedBatchNorm> {
    return (await this.#handle.call("watchBatchNorm", [layer, options])) as WatchedBatchNorm;
  }

  /** How long each layer takes; as `timeLayers` of a net here. */
  async timeLayers(options: TimeLayersOptions = {}): Promise<readonly LayerTimes[]> {
    return (await this.#handle.call("timeLayers", [options])) as readonly LayerTimes[];
  }

  /** Gives a MemoryData layer its data: `reset` of the layer here. */
  async resetMemoryData(
    layer: string,
    data: Float32Array,
    labels: Float32Array,
    options: TransferOptions = {},
  ): Promise<void> {
    await this.#handle.call("resetMemoryData", [layer, data, labels], options);
  }

  /** Frees the net's memory in the worker, after the calls before it have ended. */
  override dispose(): Promise<void> {
    return this.#handle.dispose();
  }
}
