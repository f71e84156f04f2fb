import type { FillerParameter, LayerParameter } from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { MokaError } from "../util/errors.js";
import type { Files } from "../util/files.js";
import type { Images } from "../util/images.js";
import type { Log } from "../util/log.js";
import type { Random } from "../util/random.js";
import type { Shape } from "../util/shape.js";
import type { Blob } from "./blob.js";
import { LayerFacts } from "./layer-facts.js";
import type { Recorder } from "./recorder.js";
import type { Tensor } from "./tensor.js";

export type Phase = "TRAIN" | "TEST";

/** What a net gives its layers to work with. */
export interface LayerContext {
  readonly phase: Phase;
  readonly files: Files;
  readonly images: Images;
  /** The generator from which all layers of a run draw, in Caffe's order. */
  readonly random: Random;
  readonly log: Log;
  /** Fills `values`, a blob of this shape, as the filler says. */
  fill(filler: FillerParameter, shape: Shape, values: Float32Array): void;
}

/** One value that is always there, and optional ones after it, as for a layer's bottoms: `[x, second]: OneOrMore<Tensor>`. */
export type OneOrMore<T> = readonly [T, ...T[]];

/** A number of bottoms or tops: exactly this, or from `min` to `max`. */
export type Arity = number | readonly [min: number, max: number];

/** A parameter blob that a layer declares: its shape, and the filler of its first values. */
export interface ParamDeclaration {
  readonly shape: Shape;
  readonly filler: FillerParameter;
}

/**
 * One layer of a net. A layer type says how the shapes of its tops follow, which parameters it has, and which kernels its
 * forward and backward consist of; the net does the rest: it connects, allocates, fills, shares, and runs what was recorded.
 *
 * The order of calls in a net that is to run: constructor, `open`, `setup`, `topShapes`, `declareParams`, then
 * `forward` and `backward` once for each set of shapes, and `close`. In a net that does not run (lint, fix, summary, draw,
 * fold), `inspect` is called in the place of `open`: a layer that overrides `open` alone is not opened there.
 *
 * In a net of Moka's own layers alone, what was recorded for the last few sets of shapes is used again, without a call,
 * when these shapes return: a step of theirs finds its sizes and spans in variables of its recording, not in fields.
 */
export abstract class Layer extends LayerFacts {
  readonly name: string;
  /** As written in the prototxt. */
  readonly type: string;
  readonly phase: Phase;
  /** A copy for this layer alone; `setup` may complete it as Caffe does. */
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
  /** How many parameters its message gives it, whatever the shapes; nothing if only `declareParams` can tell. */
  readonly paramCount: number | undefined = this.declareParams === Layer.prototype.declareParams ? 0 : undefined;
  /** Bottoms that have no gradient, by index, and what they are: `its labels`. A backward that needs one is refused. */
  readonly withoutGradient: Readonly<Record<number, string>> = {};
  /** Whether the net makes the tops that the prototxt does not name (losses). */
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
   * Reads from files what `setup` and `topShapes` need, and no more: the first record, the header of a file. Writes,
   * changes and locks nothing, not even for a moment.
   *
   * @throws MokaError `MOKA_FILE` or `MOKA_DATA` that names what is missing or damaged, `MOKA_FIELD` for the message
   */
  async inspect(): Promise<void> {}

  /** Opens files for a run, with Caffe's log lines and random draws. Default: `inspect`. */
  async open(): Promise<void> {
    await this.inspect();
  }

  /** The tops' shapes as far as the message alone gives them; used where `inspect` finds no data. Default: none. */
  assumedShapes(): readonly (Shape | undefined)[] {
    return [];
  }

  /** Checks the message, once, and completes it where Caffe does. */
  setup(_bottom: readonly Shape[]): void {}

  /** Shapes of all tops from the shapes of all bottoms: a pure function. */
  abstract topShapes(bottom: readonly Shape[]): readonly Shape[];

  /** The parameter blobs, in Caffe's order; a layer that has some also says how many, as `paramCount`. */
  declareParams(_bottom: readonly Shape[]): readonly ParamDeclaration[] {
    return [];
  }

  /** Called once, after the parameters are filled: makes the draws that Caffe makes next. */
  filled(): void {}

  /** Whether `force_backward` applies to this bottom (not to labels, which have no gradient). */
  allowForceBackward(bottom: number): boolean {
    return this.withoutGradient[bottom] === undefined;
  }

  /** Whether a bottom holds labels, indices or marks, of which 0 is always a valid one, and not any numbers. */
  takesIndices(bottom: number): boolean {
    return !this.allowForceBackward(bottom);
  }

  /**
   * For layers whose top shapes depend on values. Called before each forward, when the bottoms have their values; if the
   * shapes have changed, the net uses the recording for the new shapes, or is recorded again from this layer on.
   */
  liveShapes?(bottom: readonly Tensor[]): readonly Shape[] | Promise<readonly Shape[]>;

  abstract forward(k: Recorder, bottom: readonly Tensor[], top: readonly Tensor[]): void;

  /**
   * Writes the diffs of the bottoms that `wanted` marks, and adds to the diffs of the parameters that `learns` marks, from
   * the diffs of the tops. Not called for layers without gradient.
   */
  backward(
    _k: Recorder,
    _top: readonly Tensor[],
    _wanted: readonly boolean[],
    _bottom: readonly Tensor[],
    _learns: readonly boolean[],
  ): void {}

  /**
   * For layers whose next forward depends on more than bottoms, parameters and the generator of the run: a data layer's
   * position in its source, a shuffled order, a generator of its own. Given this state, `restoreState` of the same layer in
   * another process continues with the same values. The state is plain JSON and small (a position and a seed, not the
   * data); batches that are read ahead do not count as taken. Called between runs of the net.
   */
  saveState?(): unknown;

  /**
   * Continues from a saved state. Called after `setup`, between runs of the net.
   *
   * @param state what `saveState` returned, read from a file: it may be any value
   * @throws MokaError `MOKA_DATA` if it is no such state, or does not fit the source; the layer is then as before
   */
  restoreState?(state: unknown): void | Promise<void>;

  /** Closes what `open` or `inspect` opened, also after one of them has failed. */
  async close(): Promise<void> {}

  /** The parameters as blobs. */
  get blobs(): Blob[] {
    return this.params.map((param) => param.blob);
  }

  /** An error about this layer, at its place in the file. */
  error(code: MokaError["code"], reason: string, cause?: unknown): MokaError {
    return new MokaError(code, reason, { place: sourceOf(this.message)?.place, layer: this, cause });
  }

  /** The same error; a MokaError gets the name of this layer and its place in the file. */
  explain(error: unknown): unknown {
    if (!(error instanceof MokaError)) return error;
    return error.within({ layer: this, place: sourceOf(this.message)?.place });
  }

  /** Throws such an error unless `condition` holds. */
  check(condition: unknown, code: MokaError["code"], reason: string): asserts condition {
    if (!condition) throw this.error(code, reason);
  }
}
