import { inputLayer } from "../../core/input-layers.js";
import type { NetParameter } from "../../proto/gen/caffe_pb.js";
import { MokaError } from "../../util/errors.js";
import type { Shape } from "../../util/shape.js";
import type { ModelProto } from "../gen/onnx_pb.js";
import type { Target } from "../targets/index.js";
import type { ExternalData } from "../tensor.js";
import { Budget } from "./fold/budget.js";
import { FoldScope } from "./fold/fold.js";
import { folds } from "./fold/index.js";
import { shapeOf } from "./fold/make.js";
import { type Graph, readGraph, together } from "./graph.js";
import { hintFor } from "./hints.js";
import { NetBuilder } from "./net-builder.js";
import type { Node } from "./node.js";
import * as operators from "./operators.js";
import { type Operator, Scope, type ScopeContext } from "./scope.js";
import { Slices } from "./slices.js";
import { known, type Value } from "./value.js";

/** Options of `importModel`. */
export interface ImportModelOptions {
  readonly target: Target;
  /** The shapes of inputs, by name. */
  readonly shapes: Readonly<Record<string, Shape>>;
  /** The name of the file, for errors. */
  readonly origin: string;
  /** The size of the model, which bounds what is computed of it, in bytes. */
  readonly size: number;
  readonly external?: ExternalData | undefined;
}

/** What a model became. */
export interface ImportedModel {
  /** The net without weights. */
  readonly net: NetParameter;
  /** The net with its weights. */
  readonly weights: NetParameter;
  /** The blob that holds each value of the model, by the value's name, as long as nothing writes over it. */
  readonly names: ReadonlyMap<string, string>;
  /** What was assumed, left out or is not quite the same. */
  readonly notes: readonly string[];
}

/** How many nodes are followed to a constant that is asked for early. */
const deepest = 20;

/** The operators, by name. */
const table: ReadonlyMap<string, Operator> = new Map(Object.entries(operators));

/**
 * Makes a net of a model. Constants are computed away; each other node becomes layers that say exactly the same, and which the target has.
 *
 * @throws MokaError `MOKA_UNSUPPORTED` with all nodes that cannot be imported; `MOKA_PARSE` for a graph that is none
 */
export function importModel(model: ModelProto, options: ImportModelOptions): ImportedModel {
  const { origin, shapes, external, target, size } = options;
  const notes: string[] = [];
  const graph = readGraph(model, origin, shapes, (text) => notes.push(text), external);
  const work = new Import(graph, new NetBuilder(target), new Budget(size), notes, origin);
  work.addInputs();
  work.addNodes();
  work.nameOutputs();
  return { ...work.net.finish(graph.name), names: work.names(), notes };
}

/** One import in the making. */
class Import {
  readonly net: NetBuilder;
  readonly #graph: Graph;
  readonly #slices: Slices;
  readonly #budget: Budget;
  readonly #notes: string[];
  readonly #origin: string;
  readonly #values = new Map<string, Value>();
  /** Values that could not be computed: what reads them is not tried. */
  readonly #lost = new Set<string>();
  /** Nodes that became a part of one before them, with their values. */
  readonly #taken = new Set<Node>();

  constructor(graph: Graph, net: NetBuilder, budget: Budget, notes: string[], origin: string) {
    this.#graph = graph;
    this.net = net;
    this.#slices = new Slices(net);
    this.#budget = budget;
    this.#notes = notes;
    this.#origin = origin;
  }

  /** What scopes work with. */
  get #context(): ScopeContext {
    return {
      net: this.net,
      budget: this.#budget,
      graph: this.#graph,
      slices: this.#slices,
      note: (text) => this.#notes.push(text),
      valueOf: (name) => this.#early(name, 0),
      take: (node, value) => {
        this.#taken.add(node);
        const [name] = node.outputs;
        if (name !== undefined && value) this.#values.set(name, value);
      },
    };
  }

  addInputs(): void {
    for (const { name, shape } of this.#graph.inputs) {
      const { inputParam } = inputLayer(name, [[name, shape]]);
      const tops = [{ name, readers: this.#graph.readersOf(name), isOwn: true }];
      const [blob] = this.net.add("Input", { name, bottoms: [], tops, fields: inputParam ? { inputParam } : {} });
      if (blob) this.#values.set(name, blob);
    }
    for (const name of this.#graph.outputs) if (!this.#values.has(name)) this.net.reserve(name);
  }

  addNodes(): void {
    const errors: MokaError[] = [];
    for (const node of this.#graph.nodes) {
      if (this.#taken.has(node)) continue;
      const isLost = node.inputs.some((name) => this.#lost.has(name));
      try {
        if (!isLost) this.#add(node);
      } catch (error) {
        if (!(error instanceof MokaError) || error.code !== "MOKA_UNSUPPORTED") throw error;
        errors.push(error);
      }
      for (const name of node.outputs) if (!this.#values.has(name)) this.#lost.add(name);
    }
    if (errors.length > 0) throw together(errors, this.#origin);
    const unread = this.#slices.close().map(({ name }) => `"${name}"`);
    if (unread.length === 0) return;
    const why = `nothing reads them, and ${this.net.target.title} has no Silence`;
    this.#notes.push(`the net has more outputs than the model: ${unread.join(", ")}; ${why}`);
  }

  /** Gives outputs their names in the net, and makes them outputs of it also where layers read them. */
  nameOutputs(): void {
    const outputs = [...new Set(this.#graph.outputs)];
    const inputs = new Set(this.#graph.inputs.map(({ name }) => name));
    const values = outputs.map((name) => this.#value(name));
    outputs.forEach((name, i) => {
      const value = values[i];
      if (!value) throw new MokaError("MOKA_PARSE", `${this.#origin}: output "${name}" is made by no node`);
      const blob = value.kind === "blob" ? value : undefined;
      if (blob?.name === name && inputs.has(name)) {
        this.#notes.push(`output "${name}" is an input, and stays one`);
        return;
      }
      const holds = (other: Value | undefined) => other?.kind === "blob" && other.name === blob?.name;
      const isFree = blob !== undefined && !inputs.has(blob.name) && values.filter(holds).length === 1;
      if (!isFree || this.net.isRead(blob)) this.#copy(value, name);
      else if (blob.name !== name) this.net.rename(blob, name);
    });
  }

  names(): ReadonlyMap<string, string> {
    const blobs = [...this.#values].flatMap(([name, value]) => (value.kind === "blob" ? [{ name, value }] : []));
    const last = blobs.filter(({ value }) => this.net.isNewest(value));
    return new Map(last.map(({ name, value }) => [name, value.name]));
  }

  #copy(value: Value, name: string): void {
    if (value.kind === "constant") {
      const { constant } = value;
      const fields = { parameterParam: { shape: { dim: constant.shape.map(BigInt) } } };
      const [made] = this.net.add("Parameter", {
        name,
        bottoms: [],
        tops: [{ name, readers: 1, isOwn: true }],
        fields,
        parameters: [constant],
      });
      if (made) this.#values.set(name, made);
      return;
    }
    // Both give what they get; a device's compiler may lack the first.
    const type = this.net.can("Split") ? "Split" : "Power";
    if (value.name === name) this.net.rename(value, `${name}/value`);
    const [made] = this.net.add(type, {
      name: `${name}/output`,
      bottoms: [value],
      tops: [{ name, readers: 1, isOwn: true }],
    });
    if (made) this.#values.set(name, made);
    this.#notes.push(`output "${name}" is read in the net too, or has two names: a layer ${type} makes it an output`);
  }

  #value(name: string): Value | undefined {
    const found = this.#values.get(name);
    if (found) return found;
    const constant = this.#graph.initializer(name);
    return constant && known(constant);
  }

  /** A value that a node looks for before its own node was come to: also one that follows from constants. */
  #early(name: string, depth: number): Value | undefined {
    const value = this.#value(name);
    const node = this.#graph.makerOf(name);
    if (value || !node || depth > deepest || this.#taken.has(node)) return value;
    const inputs = node.inputs.map((each) => (each === "" ? undefined : this.#early(each, depth + 1)));
    if (inputs.some((each, i) => !each && node.inputs[i] !== "")) return undefined;
    const outputs = node.isStandard ? this.#folded(node, inputs) : undefined;
    return outputs?.[node.outputs.indexOf(name)];
  }

  #add(node: Node): void {
    const inputs = node.inputs.map((name) => {
      const value = name === "" ? undefined : this.#value(name);
      if (name !== "" && !value) throw node.error("MOKA_PARSE", `nothing before it makes "${name}"`);
      return value;
    });
    if (!node.isStandard) {
      throw node.error("MOKA_UNSUPPORTED", `an operator of "${node.domain}", not a standard one; ${hintFor("")}`);
    }
    const outputs = this.#folded(node, inputs) ?? this.#imported(node, inputs);
    node.outputs.forEach((name, index) => {
      const value = outputs[index];
      if (name !== "" && value) this.#values.set(name, this.#readBy(value, this.#graph.readersOf(name)));
    });
  }

  /** A value with all its readers, also where the operator returns one that it made for itself. */
  #readBy(value: Value, readers: number): Value {
    return value.kind === "blob" && value.readers < readers ? this.net.passOn(value, readers) : value;
  }

  /** The outputs, if they follow from constants, or from shapes alone. */
  #folded(node: Node, inputs: readonly (Value | undefined)[]): readonly Value[] | undefined {
    const [first] = inputs;
    if (node.type === "Shape" && first?.kind === "blob") return [known(shapeOf({ node }, first.shape))];
    const fold = folds.get(node.type);
    const constants = inputs.flatMap((value) => (value?.kind === "blob" ? [] : [value?.constant]));
    if (!fold || constants.length < inputs.length) return undefined;
    const computed = fold(new FoldScope(node, constants, this.#budget));
    return (isList(computed) ? computed : [computed]).map(known);
  }

  #imported(node: Node, inputs: readonly (Value | undefined)[]): readonly Value[] {
    const operator = table.get(node.type);
    if (!operator) {
      const reason = folds.has(node.type)
        ? "is computed for constants only, and its inputs are none"
        : "has no mapping to Caffe's layers";
      throw node.error("MOKA_UNSUPPORTED", `the operator ${reason}; ${hintFor(node.type)}`);
    }
    const outputs = operator(new Scope(node, inputs, this.#context));
    return isList(outputs) ? outputs : [outputs];
  }
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
