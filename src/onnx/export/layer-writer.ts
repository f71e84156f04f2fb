import type { Kernels, PlainName } from "../../core/kernels.js";
import type { Layer } from "../../core/layer.js";
import type { KernelStep, Step } from "../../core/program.js";
import { record } from "../../core/recorder.js";
import type { Memory } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import type { Shape } from "../../util/shape.js";
import type { Dim } from "../model.js";
import type { GraphWriter, Value } from "./graph-writer.js";
import { Operators } from "./operators.js";
import type { Made } from "./outputs.js";

/** A top of the layer that is written. */
export interface Port {
  readonly blob: string;
  /** The sizes at the batch size that the net was built with. */
  readonly shape: Shape;
  /** The same, with names for the sizes that a run may change: `N`, `4N`. */
  readonly dims: readonly Dim[];
  readonly tensor: Tensor;
}

/** A bottom, with the value that it reads. */
export interface Input extends Port {
  readonly value: Value;
}

/** Says that a layer cannot be written for batches of any size; the exporter may fix the batch and begin again. */
export class NeedsFixedBatch extends Error {}

/** What a mapping left. */
export interface WrittenLayer {
  /** The value of each top, with its sizes where the mapping knows better; undefined: the top does not exist in ONNX. */
  readonly tops: readonly (Made | undefined)[];
  /** Outputs that the Caffe net has not: a loss's probabilities. */
  readonly extra: readonly (Made & { readonly name: string })[];
  readonly approximations: readonly string[];
  readonly notes: readonly string[];
  /** Whether the layer is left out. */
  readonly isDropped: boolean;
}

export interface LayerPlace<L extends Layer> {
  readonly layer: L;
  readonly bottom: readonly Input[];
  readonly top: readonly Port[];
  /** Memory for what the layer records. */
  readonly memory: Memory;
  /** Whether `--approximate` was given. */
  readonly mayApproximate: boolean;
}

/** Writes one layer: gives a mapping the layer with its values, and takes what becomes of its tops. */
export class LayerWriter<L extends Layer = Layer> extends Operators {
  readonly layer: L;
  readonly bottom: readonly Input[];
  readonly top: readonly Port[];
  readonly #place: LayerPlace<L>;
  readonly #tops: Made[] = [];
  readonly #extra: (Made & { readonly name: string })[] = [];
  readonly #approximations: string[] = [];
  readonly #notes: string[] = [];
  #isDropped = false;

  constructor(graph: GraphWriter, place: LayerPlace<L>) {
    super(graph, place.layer.name);
    this.#place = place;
    this.layer = place.layer;
    this.bottom = place.bottom;
    this.top = place.top;
  }

  /** A bottom that the layer always has. */
  input(index: number): Input {
    const bottom = this.bottom[index];
    if (!bottom) throw this.error(`it has no bottom ${index}`);
    return bottom;
  }

  /** A top that the layer always has. */
  port(index: number): Port {
    const top = this.top[index];
    if (!top) throw this.error(`it has no top ${index}`);
    return top;
  }

  /** The value of the first bottom. */
  get x(): Value {
    return this.input(0).value;
  }

  // ---- what the layer computes

  /** The steps that the layer records in TEST. */
  get steps(): readonly Step[] {
    const { layer, bottom, top, memory } = this.#place;
    const { recorder, steps } = record(0, layer.name, memory, false);
    const tensors = (ports: readonly Port[]) => ports.map(({ tensor }) => tensor);
    layer.forward(recorder, tensors(bottom), tensors(top));
    return steps;
  }

  /**
   * The arguments of the layer's calls of a kernel: what it computes, in sizes and coefficients.
   *
   * @param besides the kernels that the mapping writes too; a step of any other kind is an error, so that none is forgotten
   */
  calls<K extends PlainName>(kernel: K, besides: readonly PlainName[] = []): readonly Kernels[K][] {
    const { steps } = this;
    const known: readonly string[] = [kernel, ...besides];
    const other = steps.find((step) => step.kind !== "kernel" || !known.includes(step.kernel));
    if (other) throw this.error(`it also does "${other.kind === "kernel" ? other.kernel : other.label}"`);
    return steps.filter(isCallOf(kernel)).map(({ args }) => args);
  }

  /** The arguments of the first of these calls. */
  call<K extends PlainName>(kernel: K, besides: readonly PlainName[] = []): Kernels[K] {
    const [call] = this.calls(kernel, besides);
    if (!call) throw this.error(`it does not compute by ${kernel} here`);
    return call;
  }

  /** The arguments of the first call of a kernel, whatever else the layer does. */
  first<K extends PlainName>(kernel: K): Kernels[K] {
    const call = this.steps.find(isCallOf(kernel));
    if (!call) throw this.error(`it does not compute by ${kernel} here`);
    return call.args;
  }

  /** The values of a parameter: read them, do not keep them. */
  paramValues(index: number): Float32Array {
    const param = this.layer.params[index];
    if (!param) throw this.error(`it has no parameter ${index}`);
    return param.blob.data;
  }

  /** A parameter as a constant, in its own shape or another of as many values. */
  param(index: number, shape: Shape = this.layer.params[index]?.shape ?? []): Value {
    return this.graph.floats(this.paramValues(index), shape, `${this.layer.name}.${index}`);
  }

  // ---- what becomes of it

  /** Makes a value the layer's top. A new value gets the blob's name; one that others made too is used where the top is read. */
  set(index: number, value: Value, dims: readonly Dim[] = this.port(index).dims): void {
    this.#tops[index] = { value, dims };
  }

  /** Reshapes a value to the sizes of a top. */
  setReshaped(index: number, value: Value, from: readonly Dim[]): void {
    const { dims } = this.port(index);
    this.set(index, this.reshaped(value, from, dims));
  }

  /** Reshapes a value from these sizes to others; asks for a fixed batch where ONNX cannot say it for all. */
  reshaped(value: Value, from: readonly Dim[], to: readonly Dim[]): Value {
    const reshaped = this.reshapeDims(value, from, to);
    if (reshaped === undefined) throw this.needsFixedBatch(`reshaping ${from.join(" × ")} to ${to.join(" × ")}`);
    return reshaped;
  }

  /** Leaves the layer out: a layer that only training and testing need. */
  drop(why: string): void {
    this.#isDropped = true;
    this.note(why);
  }

  /** Adds an output that the Caffe net does not have under this name. */
  output(name: string, value: Value, dims: readonly Dim[]): void {
    this.#extra.push({ name, value, dims });
  }

  /** A fact that the certificate tells. */
  note(text: string): void {
    this.#notes.push(text);
  }

  /** Says that what is written differs from Caffe, and how much. Without `--approximate` it is an error. */
  approximate(reason: string): void {
    if (!this.#place.mayApproximate) {
      throw this.error(`${reason}; this is only an approximation, which approximate (--approximate) allows`);
    }
    this.#approximations.push(reason);
  }

  /** The error for a layer that ONNX cannot say. */
  error(reason: string): Error {
    return this.layer.error("MOKA_UNSUPPORTED", `it cannot be written as ONNX: ${reason}`);
  }

  /** For what cannot be said of a batch of any size: throw what this returns. */
  needsFixedBatch(what: string): NeedsFixedBatch {
    return new NeedsFixedBatch(`layer "${this.layer.name}" (${this.layer.type}): ${what} depends on the batch size`);
  }

  /** The sizes, if all are numbers. */
  fixed(dims: readonly Dim[], what: string): Shape {
    return dims.map((size) => {
      if (typeof size === "string") throw this.needsFixedBatch(what);
      return size;
    });
  }

  /** What the mapping left. */
  get written(): WrittenLayer {
    const tops = this.top.map((top, index) => {
      const made = this.#tops[index];
      // A top that nothing reads need not be written.
      if (!made && !this.#isDropped && index === 0)
        throw this.error(`the mapping gives no value for top "${top.blob}"`);
      return made;
    });
    return {
      tops,
      extra: this.#extra,
      approximations: this.#approximations,
      notes: this.#notes,
      isDropped: this.#isDropped,
    };
  }
}

function isCallOf<K extends PlainName>(kernel: K): (step: Step) => step is KernelStep<K> {
  return (step): step is KernelStep<K> => step.kind === "kernel" && step.kernel === kernel;
}
