import { create } from "@bufbuild/protobuf";
import { type Arity, Layer, type OneOrMore, type ParamDeclaration } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { FillerParameterSchema, RecurrentParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape, sameShape } from "../../util/shape.js";
import { KeptState } from "./kept-state.js";
import { addToRows, linear, linearBackward, linearBackwardWeights, scaleRows, sumRows } from "./linear.js";
import { bottomRoles, paramRoles } from "./roles.js";
import { type BackwardStep, part, type State, type Step, type Unrolled } from "./step.js";

/**
 * The common part of LSTM and RNN: T steps over N streams. Each step gives a state, whose first blob is h, to the
 * next. gates_t = W_x·x_t + b + W_s·x_static + W_h·(cont_t·h_{t−1}); each type computes its state from the gates.
 *
 * Bottoms: x (T, N, …K); cont (T, N), 0 where a sequence begins, 1 where it continues; x_static (N, …S) if given; with
 * `expose_hidden` the state before the first step, (1, N, D) each. Tops: (T, N, D); with `expose_hidden` the state
 * after the last step. Without it each forward starts from the state in which the one before ended. The first forward,
 * one after `reset`, and one with another N start from 0.
 *
 * Gradient: back through all T steps, but not to cont, and not into the previous forward.
 *
 * Parameters: W_x (gates·D, K), b (gates·D), W_s (gates·D, S) if there is x_static, W_h (gates·D, D), and the
 * type's own. `recurrent_param`: `num_output` D, `weight_filler`, `bias_filler` (constant 0), `expose_hidden`
 * (false); `debug_info` is read and ignored.
 *
 * Departures: Caffe refuses another T once the net is built. It gives no gradient to states that are bottoms, and takes
 * none from states that are tops. It drops blobs in the layer's own message.
 */
export abstract class RecurrentLayer extends Layer {
  static override readonly group = "recurrent";
  static override readonly paramField = "recurrent_param";
  /** The number of gates for each of the D values. */
  protected abstract readonly gates: number;
  /** The number of blobs of a state. */
  protected abstract readonly states: number;
  readonly #param = this.message.recurrentParam ?? create(RecurrentParameterSchema);
  #steps = 0;
  #unrolled: Unrolled | undefined;
  #top: Tensor | undefined;
  readonly #kept = new KeptState();
  override readonly rereads = { bottom: "values" } as const;
  override readonly spareTops = "extra";
  override readonly weightFiller = { field: "recurrent_param", filler: this.#param.weightFiller };

  /** Records one step: writes `state` from `gates` and `previous`. */
  protected abstract step(k: Recorder, step: Step): void;
  /** Writes `dgates`, and `dprevious` except that of h, which follows from `dgates`. */
  protected abstract stepBackward(k: Recorder, step: BackwardStep): void;
  /** Writes the top from h of all steps. */
  protected abstract writeTop(k: Recorder, h: Span, y: Tensor): void;
  /** Adds to the gradients of those of the type's own parameters that learn; returns dh of all steps. */
  protected abstract outputBackward(k: Recorder, h: Span, y: Tensor, learns: readonly boolean[]): Span;

  /** D, `num_output`. */
  protected get dim(): number {
    return this.#param.numOutput;
  }

  override get bottomCount(): Arity {
    return [2 + this.exposedStates, 3 + this.exposedStates];
  }

  override get topCount(): Arity {
    return 1 + this.exposedStates;
  }

  override allowForceBackward(bottom: number): boolean {
    return bottom !== 1;
  }

  override setup([x]: OneOrMore<Shape>): void {
    this.check(this.dim > 0, "MOKA_FIELD", "recurrent_param.num_output must be given, and greater than 0");
    this.#steps = x[0] ?? 0;
  }

  override topShapes(bottom: readonly Shape[]): readonly Shape[] {
    const { x, cont, fixed, hidden } = bottomRoles(bottom, this.exposedStates);
    const [steps = 0, streams = 0] = x;
    const needs = (holds: boolean, index: number, what: string) => {
      const is = formatShape(bottom[index] ?? []);
      this.check(holds, "MOKA_SHAPE", `bottom ${index} must be ${what}, but has shape ${is}`);
    };
    needs(x.length >= 3 && steps * streams > 0, 0, "steps × streams × values, with at least one step and one stream");
    needs(sameShape(cont, [steps, streams]), 1, `steps × streams as in bottom 0, ${steps} ${streams}`);
    if (fixed) needs(fixed.length >= 2 && fixed[0] === streams, 2, `streams × values, for ${streams} streams`);
    const state = [1, streams, this.dim];
    for (const [i, shape] of hidden.entries()) {
      needs(sameShape(shape, state), bottom.length - hidden.length + i, `1 × streams × num_output, ${state.join(" ")}`);
    }
    return [[steps, streams, this.dim], ...hidden.map(() => state)];
  }

  override declareParams(bottom: readonly Shape[]): readonly ParamDeclaration[] {
    const { x, fixed } = bottomRoles(bottom, this.exposedStates);
    const rows = this.gates * this.dim;
    return [
      this.weights(rows, countOf(x, 2)),
      this.biases(rows),
      ...(fixed ? [this.weights(rows, countOf(fixed, 1))] : []),
      ...this.stepParams(),
    ];
  }

  /** The value of `paramCount`, for types to set it once `states` is set. */
  protected countParams(): number {
    return (bottomRoles(this.message.bottom, this.exposedStates).fixed ? 3 : 2) + this.stepParams().length;
  }

  /** Each matrix is used once for each step and stream; W_s only once for each stream: x_static is the same in all steps. */
  override multiplyAdds(bottom: readonly Shape[]): number {
    const { x, fixed } = bottomRoles(bottom, this.exposedStates);
    const [steps = 0, streams = 0] = x;
    const times = (index: number) => streams * (fixed && index === 2 ? 1 : steps);
    const of = (shape: Shape, i: number) => (shape.length === 2 ? countOf(shape) * times(i) : 0);
    return this.declareParams(bottom).reduce((sum, { shape }, i) => sum + of(shape, i), 0);
  }

  override forward(k: Recorder, bottom: readonly Tensor[], [y, ...last]: OneOrMore<Tensor>): void {
    const { x, cont, fixed, hidden } = bottomRoles(bottom, this.exposedStates);
    const { wx, b, ws, wh } = paramRoles(this.params, fixed);
    const [T = 0] = y.shape;
    const gates = k.span("gates", this.gates * y.count);
    linear(k, x.data, wx, gates);
    addToRows(k, gates, b.data);
    if (fixed && ws) {
      const each = k.span("x_static", gates.count / T);
      linear(k, fixed.data, ws, each);
      addToRows(k, gates, each);
    }

    const conted = k.span("h_conted", y.count);
    const states = this.#state((i) => k.span(`state ${i}`, y.count));
    const start = this.#state((i) => hidden[i]?.data ?? k.span(`start ${i}`, y.count / T));
    if (hidden.length === 0) k.host("take up the state", () => this.#kept.takeUp(start), { writes: start });
    const steps: Step[] = [];
    let previous = start;
    for (let t = 0; t < T; t++) {
      const state = this.#state((i) => part(states[i] as Span, t, T));
      const step = { cont: part(cont.data, t, T), gates: part(gates, t, T), previous, state };
      scaleRows(k, previous[0], step.cont, part(conted, t, T));
      linear(k, part(conted, t, T), wh, step.gates, true);
      this.step(k, step);
      steps.push(step);
      previous = state;
    }
    this.#unrolled = { steps, h: states[0], conted };
    this.#top = y;

    this.writeTop(k, states[0], y);
    const end = previous;
    if (hidden.length === 0) k.host("keep the state", () => this.#kept.keep(end), { reads: end });
    for (const [i, top] of last.entries()) k.copy({ x: end[i] as Span, y: top.data });
  }

  override backward(
    k: Recorder,
    [y, ...last]: OneOrMore<Tensor>,
    wanted: readonly boolean[],
    bottom: readonly Tensor[],
    learns: readonly boolean[],
  ): void {
    if (!this.#unrolled) return;
    const { steps, h, conted } = this.#unrolled;
    const { x, fixed, hidden } = bottomRoles(bottom, this.exposedStates);
    const want = bottomRoles(wanted, this.exposedStates);
    const { wx, b, ws, wh } = paramRoles(this.params, fixed);
    const learn = paramRoles(learns, fixed);
    this.check(!want.cont, "MOKA_BLOB", "no gradient can go to bottom 1, which says where sequences begin");
    const T = steps.length;
    const dgates = k.span("gates", this.gates * y.count);
    const dh = this.outputBackward(k, h, y, learn.own);

    // The gradient of a step's state after it. The step overwrites it with the gradient of the state before it.
    const running = this.#state((i) => k.span(`state ${i}`, y.count / T));
    const total = k.span("h", y.count / T);
    if (hidden.length === 0) for (const span of running) k.fill({ y: span, value: 0 });
    let after = this.#state((i) => last[i]?.diff ?? (running[i] as Span));
    for (const [t, step] of [...steps.entries()].reverse()) {
      const before = this.#state((i) => (t === 0 && want.hidden[i] && hidden[i]?.diff) || (running[i] as Span));
      k.sum({ xs: [part(dh, t, T), after[0]], coefficients: [1, 1], y: total });
      const [, ...others] = after;
      this.stepBackward(k, { ...step, dgates: part(dgates, t, T), dstate: [total, ...others], dprevious: before });
      if (t > 0 || want.hidden[0]) {
        linearBackward(k, part(dgates, t, T), wh, before[0]);
        scaleRows(k, before[0], step.cont, before[0]);
      }
      after = before;
    }

    if (learn.wh) linearBackwardWeights(k, conted, dgates, wh);
    if (learn.wx) linearBackwardWeights(k, x.data, dgates, wx);
    if (learn.b) sumRows(k, dgates, b.diff, true);
    if (want.x) linearBackward(k, dgates, wx, x.diff);
    if (!fixed || !ws) return;
    const each = k.span("x_static", dgates.count / T);
    sumRows(k, dgates, each, false);
    if (learn.ws) linearBackwardWeights(k, fixed.data, each, ws);
    if (want.fixed) linearBackward(k, each, ws, fixed.diff);
  }

  /**
   * Makes the next forward start from 0.
   *
   * @example
   * ```ts
   * for (const layer of net.layers) {
   *   if (layer instanceof RecurrentLayer) layer.reset(); // a new sequence begins
   * }
   * ```
   */
  reset(): void {
    this.#kept.reset();
  }

  override saveState(): unknown {
    return this.#kept.save();
  }

  override restoreState(state: unknown): void {
    // N is taken from the top, because the shapes may be those of an earlier recording again.
    this.#kept.restore(state, this, this.states, this.#top ? countOf(this.#top.shape, 1) : 0);
  }

  /** The parameters that Caffe makes for each step: `weights(gates·D, D)`, and those of the type. */
  protected stepParams(): readonly ParamDeclaration[] {
    return [this.weights(this.gates * this.dim, this.dim)];
  }

  protected weights(rows: number, columns: number): ParamDeclaration {
    return { shape: [rows, columns], filler: this.#param.weightFiller ?? create(FillerParameterSchema) };
  }

  protected biases(rows: number): ParamDeclaration {
    return { shape: [rows], filler: this.#param.biasFiller ?? create(FillerParameterSchema) };
  }

  /** The number of blobs of the state that are bottoms and tops. */
  get exposedStates(): number {
    return this.#param.exposeHidden ? this.states : 0;
  }

  #state(blob: (index: number) => Span): State {
    return Array.from({ length: this.states }, (_, i) => blob(i)) as [Span, ...Span[]];
  }

  /** Draws what Caffe draws: it fills weights for every step, and then uses those of the first in all steps. */
  override filled(): void {
    if (this.message.blobs.length > 0) return;
    for (let t = 1; t < this.#steps; t++) {
      for (const { shape, filler } of this.stepParams()) {
        this.context.fill(filler, shape, new Float32Array(countOf(shape)));
      }
    }
  }
}
