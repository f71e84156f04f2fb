import type { FillerParameter, LayerParameter } from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { MokaError } from "../util/errors.js";
import type { Files } from "../util/files.js";
import type { Images } from "../util/images.js";
import type { Log } from "../util/log.js";
import type { Random } from "../util/random.js";
import type { Shape } from "../util/shape.js";
import type { Blob } from "./blob.js";
import type { Recorder } from "./recorder.js";
import type { Tensor } from "./tensor.js";

export type Phase = "TRAIN" | "TEST";

/** What a layer may ask of the net it is in. */
export interface LayerContext {
  readonly phase: Phase;
  readonly files: Files;
  readonly images: Images;
  /** The generator all layers of a run draw from, in the order Caffe draws. */
  readonly random: Random;
  readonly log: Log;
  /** Fills `values`, a blob of this shape, as the filler says. */
  fill(filler: FillerParameter, shape: Shape, values: Float32Array): void;
}

/** How a layer names the bottoms it is sure to have, and those it may have: `[x, second]: OneOrMore<Tensor>`. */
export type OneOrMore<T> = readonly [T, ...T[]];

/** A number of bottoms or tops: exactly, or from … to. */
export type Arity = number | readonly [min: number, max: number];

/** A parameter blob a layer wants: its shape, and how it starts. */
export interface ParamDeclaration {
  readonly shape: Shape;
  readonly filler: FillerParameter;
}

/**
 * One layer of a net. A layer type says what its tops' shapes follow from, which parameters it has, and
 * how forward and backward are made of kernels; the net does the rest: it connects, allocates, fills,
 * shares, and runs what was recorded.
 *
 * The order of calls: constructor, `open`, `setup`, `topShapes`, `declareParams`, then `forward` and
 * `backward` once for each set of shapes. What they recorded for the last few sets is used again, without a call, when
 * these shapes return: a step finds the sizes and spans it needs in variables of its recording, not in fields that a later
 * `forward` sets anew.
 */
export abstract class Layer {
  readonly name: string;
  /** The exact string of the prototxt. */
  readonly type: string;
  readonly phase: Phase;
  /** The layer's own copy of its message; `setup` may complete it as Caffe does. */
  readonly message: LayerParameter;
  protected readonly context: LayerContext;
  /** The learnable parameters, in Caffe's order; made by the net from `declareParams`. */
  params: readonly Tensor[] = [];
  /** Names of the blobs, set by the net. */
  bottoms: readonly string[] = [];
  tops: readonly string[] = [];

  /** How many bottoms and tops there must be. */
  abstract readonly bottomCount: Arity;
  abstract readonly topCount: Arity;
  /** Whether there must be as many tops as bottoms. */
  readonly equalCounts: boolean = false;
  /** Whether tops the prototxt does not name are made all the same (losses). */
  readonly autoTops: boolean = false;
  /** Whether a top may be its bottom. */
  readonly inPlace: boolean = false;

  constructor(message: LayerParameter, context: LayerContext) {
    this.message = message;
    this.name = message.name;
    this.type = message.type;
    this.context = context;
    this.phase = context.phase;
  }

  /** Opens what lies outside the net. */
  async open(): Promise<void> {}

  /** Checks the parameters, once, and completes the message where Caffe does. */
  setup(_bottom: readonly Shape[]): void {}

  /** Shapes of all tops from the shapes of all bottoms: a pure function. */
  abstract topShapes(bottom: readonly Shape[]): readonly Shape[];

  /** The parameter blobs, in Caffe's order. */
  declareParams(_bottom: readonly Shape[]): readonly ParamDeclaration[] {
    return [];
  }

  /** Called once, when the parameters have been made and filled: for what Caffe draws right after them. */
  filled(): void {}

  /** Whether `force_backward` may ask for the diff of this bottom (labels have none). */
  allowForceBackward(_bottom: number): boolean {
    return true;
  }

  /**
   * For layers whose top shapes depend on values: asked before each forward, when the bottoms are there;
   * if the shapes changed, the net is recorded again from here on, unless it was for these shapes.
   */
  liveShapes?(bottom: readonly Tensor[]): readonly Shape[] | Promise<readonly Shape[]>;

  abstract forward(k: Recorder, bottom: readonly Tensor[], top: readonly Tensor[]): void;

  /**
   * Writes the diffs of those bottoms that `wanted` marks, from those of the tops, and adds to the diffs of
   * those parameters that `learns` says. Not called for layers without gradient.
   */
  backward(
    _k: Recorder,
    _top: readonly Tensor[],
    _wanted: readonly boolean[],
    _bottom: readonly Tensor[],
    _learns: readonly boolean[],
  ): void {}

  /**
   * For layers whose next forward depends on more than bottoms, parameters and the generator of the run: where a
   * data layer stands in its source, in which order it takes it, generators of its own. It is what `restoreState` of
   * the same layer, just set up by another process, needs to go on with the very same values: plain JSON, small (a
   * position and a seed, not the data), and already what comes next where batches are fetched ahead. Asked between
   * runs of the net.
   */
  saveState?(): unknown;

  /**
   * Goes on where `saveState` was called. Called after `setup`, between runs of the net.
   *
   * @param state what `saveState` returned, read from a file: anything may stand there
   * @throws MokaError `MOKA_DATA` if it is no such state, or does not fit the source; nothing is changed then
   */
  restoreState?(state: unknown): void | Promise<void>;

  /** Closes what `open` opened. */
  async close(): Promise<void> {}

  /** The parameters as blobs. */
  get blobs(): Blob[] {
    return this.params.map((param) => param.blob);
  }

  /** An error about this layer, at its place in the file. */
  error(code: MokaError["code"], reason: string, cause?: unknown): MokaError {
    return new MokaError(code, reason, { place: sourceOf(this.message)?.place, layer: this, cause });
  }

  /** What was thrown while this layer was at work, with its name and place where it is an error of Moka's. */
  explain(error: unknown): unknown {
    if (!(error instanceof MokaError)) return error;
    return error.within({ layer: this, place: sourceOf(this.message)?.place });
  }

  /** Throws such an error unless `condition` holds. */
  check(condition: unknown, code: MokaError["code"], reason: string): asserts condition {
    if (!condition) throw this.error(code, reason);
  }
}
