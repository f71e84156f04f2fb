import { batchInputs } from "../core/batch-inputs.js";
import { type InputValues, inputValues } from "../core/input-values.js";
import type { ExportedNet } from "../onnx/export/export-net.js";
import type { Dim } from "../onnx/model.js";
import { writeModel } from "../onnx/model.js";
import { fitSizes, sizeIn } from "../onnx/sizes.js";
import type { OnnxTensor } from "../platform/onnx-runtime.js";
import type { Weights } from "../proto/weight-sources.js";
import { check, MokaError, reasonOf } from "../util/errors.js";
import { silent } from "../util/log.js";
import type { NdArray, Values } from "../util/nd-array.js";
import { checkOptions } from "../util/options.js";
import { ResourceOwner } from "../util/resource-owner.js";
import { countOf, formatShape, type Shape, sameShape } from "../util/shape.js";
import { Turns } from "../util/turns.js";
import { type ExportNetOptions, exportPair } from "./export-onnx.js";
import { type OnnxRuntimeOptions, type OpenSession, openSession } from "./onnx-session.js";
import type { NetSource } from "./read-text.js";

export interface DeployOptions
  extends Omit<ExportNetOptions, "engine" | "threads" | "layers" | "batch" | "cut" | "forLeftOut">,
    OnnxRuntimeOptions {}

/** Also what only nets with layers of Moka's around ask for. */
type Settings = DeployOptions & Pick<ExportNetOptions, "forLeftOut">;

/** What the exporter says of a net, and what Caffe calls its blobs. */
interface Form {
  readonly exported: Omit<ExportedNet, "model">;
  /** The inputs and outputs of the Caffe net. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The shapes of all inputs and outputs at the net's own batch size. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** The name in ONNX of each output that has one. */
  readonly onnxNames: ReadonlyMap<string, string>;
}

/** What a caller gives an input. */
interface Given extends InputValues {
  readonly name: string;
}

/**
 * A net that runs in ONNX Runtime, on a GPU where there is one; see `deploy`. The Caffe net is not kept.
 *
 * Calls take turns, in their order.
 */
export class DeployedNet extends ResourceOwner {
  readonly #model: NetSource;
  readonly #weights: Weights | undefined;
  readonly #options: Settings;
  readonly #turns = new Turns();
  /** The values of the inputs, which stay until others are given. */
  readonly #inputs = new Map<string, NdArray>();
  /** The shapes of outputs whose sizes only a run tells, from the last run. */
  readonly #found = new Map<string, Shape>();
  #form: Form;
  #open: OpenSession;
  #disposal: Promise<void> | undefined;

  private constructor(
    model: NetSource,
    weights: Weights | undefined,
    options: Settings,
    { form, open }: { form: Form; open: OpenSession },
  ) {
    super();
    this.#model = model;
    this.#weights = weights;
    this.#options = options;
    this.#form = form;
    this.#open = open;
    for (const name of form.inputs) this.#clear(name, form.shapes.get(name) ?? []);
  }

  /** For `deploy`, and for nets of which ONNX Runtime computes a part. */
  static async open(model: NetSource, weights: Weights | undefined, options: Settings = {}): Promise<DeployedNet> {
    return new DeployedNet(model, weights, options, await exportAndOpen(model, weights, options));
  }

  /** The names of the net's inputs: the tops of Input layers, and of data layers in their place. */
  get inputs(): readonly string[] {
    return this.#form.inputs;
  }

  /**
   * The names of what `run` returns: the blobs that no layer reads, but for those that only training and testing need, and the
   * probabilities of losses.
   */
  get outputs(): readonly string[] {
    const { outputs, onnxNames, inputs } = this.#form;
    const all = outputs.filter((name) => onnxNames.has(name) || inputs.includes(name));
    return [...all, ...[...onnxNames.keys()].filter((name) => !outputs.includes(name))];
  }

  /** The names of the layers that ONNX Runtime does not compute, because only training and testing need them. */
  get leftOut(): readonly string[] {
    return this.#form.exported.leftOut;
  }

  /** The names of the inputs that ONNX Runtime reads. */
  get usedInputs(): readonly string[] {
    return Object.keys(this.#form.exported.inputs);
  }

  /** The shapes of inputs and outputs by name. Those whose sizes depend on values are of the last run. */
  get shapes(): Readonly<Record<string, Shape>> {
    return this.shapesFor({});
  }

  /** The shapes of inputs and outputs for inputs of these shapes, as far as they are known before a run. */
  shapesFor(inputShapes: Readonly<Record<string, Shape>>): Readonly<Record<string, Shape>> {
    const { exported, shapes, onnxNames } = this.#form;
    const inputs = Object.fromEntries([...this.#inputs].map(([name, { shape }]) => [name, inputShapes[name] ?? shape]));
    const known = namedSizes(exported.inputs, inputs) ?? new Map();
    const outputs = this.outputs.map((name): [string, Shape] => {
      const found = this.#found.get(name) ?? shapes.get(name) ?? [];
      const dims = exported.outputs[onnxNames.get(name) ?? ""];
      return [name, inputs[name] ?? dims?.map((dim, axis) => sizeIn(dim, known) ?? found[axis] ?? 1) ?? found];
    });
    return { ...Object.fromEntries(outputs), ...inputs };
  }

  /**
   * Runs the net.
   *
   * @param inputs values of inputs by name, as for `net.forward`; inputs that are left out keep their values, which are 0 at first.
   *   Values for another batch size reshape the net. So does an array of another shape, as for other sizes of images: the
   *   net is then exported again
   * @returns the outputs by Caffe's names, in arrays of the caller's own
   * @throws MokaError `MOKA_USAGE` for an input that is not made of numbers, `MOKA_BLOB` for one that the net has not, `MOKA_SHAPE`
   *   for one that does not fit, `MOKA_UNSUPPORTED` if ONNX Runtime fails
   * @example
   * ```ts
   * const session = await deploy("net.prototxt", "net.caffemodel");
   * const { prob } = await session.run({ data: pixels });
   * console.log(prob.length); // 10
   * ```
   */
  async run(inputs: Readonly<Record<string, Values>> = {}): Promise<Record<string, Float32Array>> {
    let given: readonly Given[] = Object.entries(inputs).map(([name, values]) => ({
      name,
      ...inputValues(name, values),
    }));
    // The caller may change its arrays while this call waits.
    const keep = () => {
      given = given.map((each) => ({ ...each, data: new Float32Array(each.data) }));
    };
    if (this.#turns.areTaken) keep();
    return this.#turn(async () => {
      const shapes = Object.fromEntries(given.map((each) => [each.name, this.#shapeOf(each)]));
      if (this.#changed(shapes).length > 0) {
        keep();
        await this.#reshape(shapes);
      }
      for (const { name, data } of given) this.#input(name).data.set(data);
      return this.#run();
    });
  }

  /**
   * Gives inputs other shapes; their values are 0 until some are given.
   *
   * @throws MokaError `MOKA_BLOB` for an input that the net has not; as `Net.load` does, if the net cannot take them
   * @example
   * ```ts
   * await session.reshape({ data: [5, 3, 8, 8] }); // a batch of 5
   * console.log(session.shapes.prob); // [ 5, 10 ]
   * ```
   */
  async reshape(inputShapes: Readonly<Record<string, Shape>>): Promise<void> {
    await this.#turn(() => this.#reshape(inputShapes));
  }

  /** Frees the session's memory, after the calls before it have ended. It cannot be used afterwards. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#turns.take(() => this.#open.session.release());
    return this.#disposal;
  }

  async #turn<T>(work: () => Promise<T>): Promise<T> {
    check(!this.#disposal, "MOKA_USAGE", "the session was disposed of: it cannot be used any more");
    return this.#turns.take(work);
  }

  #input(name: string): NdArray {
    const input = this.#inputs.get(name);
    const names = this.inputs.join(", ") || "none";
    check(input, "MOKA_BLOB", `the net has no input "${name}"; its inputs are ${names}`);
    return input;
  }

  #clear(name: string, shape: Shape): void {
    this.#inputs.set(name, { shape, data: new Float32Array(countOf(shape)) });
  }

  /** The shape that an input has with these values. */
  #shapeOf({ name, data, shape }: Given): Shape {
    const { shape: present } = this.#input(name);
    const count = data.length;
    if (shape === undefined) {
      if (count === countOf(present)) return present;
      const batch = count / countOf(present, 1);
      const isBatch = this.#batchInputs().includes(name) && Number.isInteger(batch) && batch > 0;
      check(isBatch, "MOKA_SHAPE", `input "${name}" has shape ${formatShape(present)}, but ${count} values were given`);
      return [batch, ...present.slice(1)];
    }
    check(
      count === countOf(shape),
      "MOKA_SHAPE",
      `input "${name}": the array has ${formatShape(shape)}, but ${count} values`,
    );
    const sizes = (of: Shape) => of.filter((size) => size !== 1);
    if (sameShape(sizes(shape), sizes(present))) return present;
    check(
      shape.length === present.length,
      "MOKA_SHAPE",
      `input "${name}" has shape ${formatShape(present)}, but the array has ${formatShape(shape)}`,
    );
    return shape;
  }

  /** The inputs that have a row for each item of the batch. */
  #batchInputs(): readonly string[] {
    return batchInputs(this.inputs.map((name) => [name, this.#inputs.get(name)?.shape]));
  }

  #changed(wanted: Readonly<Record<string, Shape>>): readonly (readonly [name: string, Shape])[] {
    return Object.entries(wanted).filter(([name, shape]) => !sameShape(this.#input(name).shape, shape));
  }

  async #reshape(wanted: Readonly<Record<string, Shape>>): Promise<void> {
    const changed = this.#changed(wanted);
    if (changed.length === 0) return;
    const shapes = { ...this.shapes, ...wanted };
    const inputs = Object.fromEntries(this.inputs.map((name) => [name, shapes[name] ?? []]));
    this.#checkBatch(inputs);
    const { exported } = this.#form;
    if (!namedSizes(exported.inputs, inputs)) {
      const { form, open } = await exportAndOpen(this.#model, this.#weights, { ...this.#options, shapes: inputs });
      await this.#open.session.release();
      this.#form = form;
      this.#open = open;
    }
    for (const [name, shape] of changed) this.#clear(name, shape);
    this.#found.clear();
  }

  /** Throws where inputs of one batch would have different numbers of rows. */
  #checkBatch(shapes: Readonly<Record<string, Shape>>): void {
    const [first = "", ...others] = this.#batchInputs();
    const size = shapes[first]?.[0];
    const other = others.find((name) => shapes[name]?.[0] !== size);
    check(
      other === undefined || !this.usedInputs.includes(other),
      "MOKA_SHAPE",
      `"${first}" would have a batch of ${size}, "${other}" of ${shapes[other ?? ""]?.[0]}: give both`,
    );
  }

  async #run(): Promise<Record<string, Float32Array>> {
    const { runtime, session } = this.#open;
    const feeds: Record<string, OnnxTensor> = {};
    for (const name of this.usedInputs) {
      const input = this.#input(name);
      // A runtime in a worker of its own takes the array away.
      const data = runtime.env?.wasm?.proxy ? input.data.slice() : input.data;
      feeds[name] = new runtime.Tensor("float32", data, input.shape);
    }
    let results: Readonly<Record<string, OnnxTensor>>;
    try {
      results = await session.run(feeds);
    } catch (error) {
      throw new MokaError("MOKA_UNSUPPORTED", `ONNX Runtime cannot run the net: ${reasonOf(error)}`, { cause: error });
    }
    const outputs = this.outputs.map((name): [string, Float32Array] => {
      const result = results[this.#form.onnxNames.get(name) ?? ""];
      // An input that no layer reads is an output too.
      if (!result) return [name, this.#input(name).data.slice()];
      this.#found.set(name, [...result.dims]);
      return [name, result.data as Float32Array];
    });
    return Object.fromEntries(outputs);
  }
}

/**
 * Runs a net in ONNX Runtime at its full speed, on a GPU where the runtime has a provider for it: exports the net in memory, and gives
 * it to `onnxruntime-node`, or in a page `onnxruntime-web`, which are installed beside Moka. Inputs and outputs are those of
 * `net.forward`, in phase TEST. Outputs that only training and testing need, as Accuracy and losses, are left out; the log names
 * them.
 *
 * @param model a prototxt, as for `Net.load`; its data layers become inputs
 * @param weights files or messages, as for `net.copyTrainedLayersFrom`
 * @throws MokaError `MOKA_UNSUPPORTED` if ONNX Runtime is not installed or has no such provider, or if a layer cannot be written
 *   as ONNX; as `Net.load` does
 * @example
 * ```ts
 * const session = await deploy("net.prototxt", "net.caffemodel", { provider: "cpu" });
 * const { prob } = await session.run({ data: pixels });
 * console.log(session.shapes.prob); // [ 1, 10 ]
 * await session.dispose();
 * ```
 */
export async function deploy(
  model: NetSource,
  weights: Weights | undefined,
  options: DeployOptions = {},
): Promise<DeployedNet> {
  checkOptions("deploy", options);
  const { log = silent } = options;
  const session = await DeployedNet.open(model, weights, options);
  const lost = session.leftOut;
  if (lost.length > 0) {
    log("info", "moka:0", `ONNX Runtime does not compute ${lost.join(", ")}, which only training and testing need.`);
  }
  return session;
}

async function exportAndOpen(
  model: NetSource,
  weights: Weights | undefined,
  options: Settings,
): Promise<{ form: Form; open: OpenSession }> {
  const { provider, runtime, threads, sessionOptions, log = silent, ...rest } = options;
  // Folding would take away blobs that are asked for.
  const { batchNorm = rest.outputs ? "keep" : "fold" } = rest;
  // The engine only holds the weights until they are written.
  const settings = { ...rest, batchNorm, log, engine: "reference" } as const;
  const { original, exported, named } = await exportPair(model, weights, settings);
  const { model: graph, ...facts } = exported;
  const caffeName = (name: string) => {
    const isOwn = original.outputs.includes(name);
    return (isOwn && named.find((each) => each.name === name)?.blob) || name;
  };
  const onnxNames = new Map(Object.keys(exported.outputs).map((name) => [caffeName(name), name]));
  const shapeOf = (name: string) => [name, original.blobs.get(name)?.shape ?? []] as const;
  const names = [...original.inputs, ...original.outputs, ...Object.keys(exported.outputs)];
  const form: Form = {
    exported: facts,
    inputs: original.inputs,
    outputs: original.outputs.map(caffeName),
    shapes: new Map(names.map(shapeOf)),
    onnxNames,
  };
  await original.dispose();
  for (const { layer, text } of facts.approximations) log("warning", "moka:0", `${layer}: ${text}`);
  if (facts.batch.reason !== undefined) {
    log("info", "moka:0", `The batch is fixed at ${facts.batch.size}: ${facts.batch.reason}`);
  }
  return { form, open: await openSession(writeModel(graph), { provider, runtime, threads, sessionOptions }) };
}

/** The sizes that have names, where inputs of these shapes fit the exported ones; undefined where they do not. */
function namedSizes(
  inputs: Readonly<Record<string, readonly Dim[]>>,
  shapes: Readonly<Record<string, Shape>>,
): ReadonlyMap<string, number> | undefined {
  const sizes = new Map<string, number>();
  for (const [name, dims] of Object.entries(inputs)) {
    if (!fitSizes(dims, shapes[name] ?? [], sizes)) return undefined;
  }
  return sizes;
}
