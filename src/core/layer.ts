import type { BlobProto, FillerParameter, LayerParameter } from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { MokaError } from "../util/errors.js";
import type { Files } from "../util/files.js";
import type { Images } from "../util/images.js";
import { inspectKey } from "../util/inspect.js";
import type { Log } from "../util/log.js";
import type { Random } from "../util/random.js";
import type { Shape } from "../util/shape.js";
import type { Blob } from "./blob.js";
import { oneRank, type Ranks } from "./communicator.js";
import { type LayerDescription, layerDescription, layerText } from "./describe-net.js";
import { LayerFacts } from "./layer-facts.js";
import type { Recorder } from "./recorder.js";
import type { Span } from "./span.js";
import type { Tensor } from "./tensor.js";

export type Phase = "TRAIN" | "TEST";

/** The objects that a net gives its layers. */
export interface LayerContext {
  readonly phase: Phase;
  /** Where the layer reads and writes files. */
  readonly files: Files;
  /** Decodes images. */
  readonly images: Images;
  /** The random generator that all layers of a run draw from, in Caffe's order. */
  readonly random: Random;
  /** Receives what Caffe would log. */
  readonly log: Log;
  /** The processes that train this net together. Default: one. */
  readonly ranks?: Ranks | undefined;
  /**
   * The forks of Caffe that the net may be written for, by the names of their files in `src/proto/dialects`, the most probable first. Empty: BVLC's Caffe.
   */
  readonly dialects?: readonly string[] | undefined;
  /** The number of blobs that a layer has in the weights given with the net; undefined if there are none for it. */
  readonly blobsOf?: ((layer: string) => number | undefined) | undefined;
  /** The settings of py-faster-rcnn (`cfg`) that its Python layers read, where they differ from its defaults. */
  readonly cfg?: Readonly<Record<string, unknown>> | undefined;
  /** Fills `values`, the values of a blob of this shape, by the filler; without `values` it only checks the filler. */
  fill(filler: FillerParameter, shape: Shape, values?: Float32Array): void;
}

/** Statistics of each channel over a batch, and the averages that they belong to. */
export interface BatchStatistics {
  /** The mean and the biased variance of each channel. */
  readonly mean: Span;
  readonly variance: Span;
  /** The number of values of each channel. */
  readonly count: number;
  /** Moves the averages by the statistics of all ranks together: the biased variance is over `count` values. */
  average(mean: Float64Array, variance: Float64Array, count: number): void;
}

/** One value that always exists, and optional ones after it, as a layer's bottoms: `[x, second]: OneOrMore<Tensor>`. */
export type OneOrMore<T> = readonly [T, ...T[]];

/** An allowed number of bottoms or tops: exactly this, or from `min` to `max`. */
export type Arity = number | readonly [min: number, max: number];

/** A parameter blob that a layer declares: its shape, and the filler of its first values. */
export interface ParamDeclaration {
  readonly shape: Shape;
  /** See `filler`. */
  readonly filler: FillerParameter;
}

/**
 * One layer of a net. A layer type computes the shapes of its tops, declares its parameters, and records the kernels of its
 * forward and backward. The net does the rest: it connects, allocates, fills, shares, and runs the recorded steps.
 *
 * The order of calls in a net that is to run: constructor, `open`, `setup`, `topShapes`, `declareParams`, then
 * `forward` and `backward` once for each set of shapes, and `close`. In a net that does not run (lint, fix, summary, draw,
 * fold), `inspect` is called instead of `open`: a layer that overrides only `open` is not opened there.
 *
 * If all layers of a net are Moka's own, the recordings for the last few sets of shapes are used again, without a call, when
 * these shapes return. So a step of theirs must take its sizes and spans from local variables, not from fields.
 *
 * @example
 * ```ts
 * class Double extends Layer {
 *   bottomCount = 1;
 *   topCount = 1;
 *
 *   topShapes(bottom) {
 *     return bottom;
 *   }
 *
 *   forward(k, [x], [y]) {
 *     const run = () => y.data.array.set(x.data.array.map((value) => 2 * value));
 *     k.host("double", run, { reads: [x.data], writes: [y.data] });
 *   }
 * }
 *
 * const n = new NetSpec();
 * n.data = L.Input({ shape: { dim: [3] } });
 * n.twice = L.of("Double")(n.data);
 * const net = await Net.load(n.toProto(), { layers: { Double } });
 * const { twice } = await net.forward({ data: [1, 2, 3] });
 * console.log([...twice]); // [ 2, 4, 6 ]
 * ```
 */
export abstract class Layer extends LayerFacts {
  readonly name: string;
  /** The name in the prototxt. */
  readonly type: string;
  readonly phase: Phase;
  /** A copy of the message for this layer alone. `setup` may complete it as Caffe does. */
  readonly message: LayerParameter;
  protected readonly context: LayerContext;
  /** The learnable parameters, in Caffe's order. The net makes them from `declareParams`. */
  params: readonly Tensor[] = [];
  /** The fillers of `params`, set by the net. */
  fillers: readonly FillerParameter[] = [];
  /** Names of the blobs, set by the net. */
  bottoms: readonly string[] = [];
  tops: readonly string[] = [];

  /** The allowed numbers of bottoms and tops. */
  abstract readonly bottomCount: Arity;
  abstract readonly topCount: Arity;
  /** Whether the numbers of tops and bottoms must be equal. */
  readonly equalCounts: boolean = false;
  /** The number of its parameters, by its message alone; undefined if only `declareParams` can tell. */
  readonly paramCount: number | undefined = this.declareParams === Layer.prototype.declareParams ? 0 : undefined;
  /** Bottoms without a gradient: index and a name for errors, `its labels`. A backward that needs one throws. */
  readonly withoutGradient: Readonly<Record<number, string>> = {};
  /** Whether the net adds the tops that the prototxt does not name (losses). */
  readonly autoTops: boolean = false;

  constructor(message: LayerParameter, context: LayerContext) {
    super();
    this.message = message;
    this.name = message.name;
    this.type = message.type;
    this.context = context;
    this.phase = context.phase;
  }

  /**
   * Reads from files only what `setup` and `topShapes` need: the first record, the header of a file. It must not write,
   * change or lock anything, not even for a moment.
   *
   * @throws MokaError `MOKA_FILE` or `MOKA_DATA` that names what is missing or damaged, `MOKA_FIELD` for the message
   */
  async inspect(): Promise<void> {}

  /** Opens files for a run, with Caffe's log lines and random draws. Default: calls `inspect`. */
  async open(): Promise<void> {
    await this.inspect();
  }

  /** The tops' shapes that the message alone gives. They are used if `inspect` finds no data. Default: none. */
  assumedShapes(): readonly (Shape | undefined)[] {
    return [];
  }

  /** Checks the message, and completes it as Caffe does. Called once. */
  setup(_bottom: readonly Shape[]): void {}

  /** Shapes of all tops from the shapes of all bottoms: a pure function. */
  abstract topShapes(bottom: readonly Shape[]): readonly Shape[];

  /** The parameter blobs, in Caffe's order. A layer with parameters also gives their number, as `paramCount`. */
  declareParams(_bottom: readonly Shape[]): readonly ParamDeclaration[] {
    return [];
  }

  /**
   * Blobs from weights, in the order and the form of this layer's parameters, where files of another version or fork have them
   * otherwise. What is returned is checked against the parameters as blobs of any layer. Default: unchanged.
   * The second argument is the file, for errors.
   *
   * @throws MokaError `MOKA_WEIGHTS` for blobs that this layer knows to be another's
   */
  adoptBlobs(blobs: readonly BlobProto[], _origin: string): readonly BlobProto[] {
    return blobs;
  }

  /** Called once, after the parameters are filled. Makes the random draws that Caffe makes next. */
  filled(): void {}

  /** Whether `force_backward` applies to this bottom (not to labels, which have no gradient). */
  allowForceBackward(bottom: number): boolean {
    return this.withoutGradient[bottom] === undefined;
  }

  /** Whether a bottom holds labels, indices or marks instead of arbitrary numbers; 0 is always a valid one. */
  takesIndices(bottom: number): boolean {
    return !this.allowForceBackward(bottom);
  }

  /**
   * For layers whose top shapes depend on values. Called before each forward, when the bottoms have their values. If the
   * shapes have changed, the net uses its recording for the new shapes, or records again from this layer on.
   */
  liveShapes?(bottom: readonly Tensor[]): readonly Shape[] | Promise<readonly Shape[]>;

  /** Records the steps that compute the tops from the bottoms. */
  abstract forward(k: Recorder, bottom: readonly Tensor[], top: readonly Tensor[]): void;

  /**
   * Records steps that compute gradients from the diffs of the tops. They write the diffs of the bottoms that `wanted`
   * marks, and add to the diffs of the parameters that `learns` marks. Not called for layers without gradient.
   */
  backward(
    _k: Recorder,
    _top: readonly Tensor[],
    _wanted: readonly boolean[],
    _bottom: readonly Tensor[],
    _learns: readonly boolean[],
  ): void {}

  /**
   * For layers whose next forward depends on more than bottoms, parameters and the run's generator: a data layer's
   * position in its source, a shuffled order, its own generator. `restoreState` of the same layer in another process takes
   * this state and continues with the same values. The state is plain JSON and small: a position and a seed, not the data.
   * The position is that of the next batch the net takes, not of those read ahead. Called between runs of the net.
   */
  saveState?(): unknown;

  /**
   * Continues from a saved state. Called after `setup`, between runs of the net.
   *
   * @param state what `saveState` returned, read from a file: it may be any value
   * @throws MokaError `MOKA_DATA` if it is not such a state, or does not fit the source; the layer does not change then
   */
  restoreState?(state: unknown): void | Promise<void>;

  /**
   * For layers with `restoreState` that take a share of their source: continues where all ranks stood together, when their
   * number has changed. Called as `restoreState`.
   *
   * @param first the saved state of the rank whose share comes next in the source
   * @param own the state that this rank saved, for its own random numbers; undefined if there were fewer ranks
   * @throws MokaError as `restoreState` does
   */
  restoreShare?(first: unknown, own: unknown): void | Promise<void>;

  /**
   * The statistics of this layer's last batch, where the averages over all ranks are kept for it (`ranks.averagesOf`: `all`);
   * undefined for all other layers. They are in memory of their own, and valid after each forward.
   */
  batchStatistics(): BatchStatistics | undefined {
    return undefined;
  }

  /** Closes what `open` or `inspect` opened, also after one of them has failed. */
  async close(): Promise<void> {}

  /** The processes that train its net together. */
  protected get ranks(): Ranks {
    return this.context.ranks ?? oneRank;
  }

  /** The parameters as blobs. */
  get blobs(): Blob[] {
    return this.params.map((param) => param.blob);
  }

  /** Its name, type and blobs, as `JSON.stringify` writes it. */
  toJSON(): LayerDescription {
    return layerDescription(this);
  }

  [inspectKey](): string {
    return layerText(this);
  }

  /** An error about this layer, at its place in the file. */
  error(code: MokaError["code"], reason: string, cause?: unknown): MokaError {
    return new MokaError(code, reason, { place: sourceOf(this.message)?.place, layer: this, cause });
  }

  /** Adds the name of this layer and its place in the file to a MokaError; returns other errors unchanged. */
  explain(error: unknown): unknown {
    if (!(error instanceof MokaError)) return error;
    return error.within({ layer: this, place: sourceOf(this.message)?.place });
  }

  /** Throws an error about this layer unless `condition` holds. */
  check(condition: unknown, code: MokaError["code"], reason: string): asserts condition {
    if (!condition) throw this.error(code, reason);
  }
}
