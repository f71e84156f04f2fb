import { MokaError } from "../../util/errors.js";
import type { Shape } from "../../util/shape.js";
import { type AttributeProto, AttributeProto_AttributeType as AttributeType, type NodeProto } from "../gen/onnx_pb.js";
import { type Constant, type ExternalData, tensorConstant } from "../tensor.js";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A node of the graph: its place, for errors, and its attributes with their types checked. */
export class Node {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The version of the standard operators that the model was written for. */
  readonly opset: number;
  readonly #proto: NodeProto;
  readonly #index: number;
  readonly #external: ExternalData | undefined;

  /** @param index its place in the graph, from 0 */
  constructor(proto: NodeProto, index: number, opset: number, external?: ExternalData) {
    this.type = proto.opType;
    this.inputs = proto.input;
    this.outputs = proto.output;
    this.opset = opset;
    this.#proto = proto;
    this.#index = index;
    this.#external = external;
  }

  get name(): string {
    return this.#proto.name;
  }

  /** Whether it is a standard operator. */
  get isStandard(): boolean {
    return ["", "ai.onnx"].includes(this.#proto.domain);
  }

  get domain(): string {
    return this.#proto.domain;
  }

  /** `node 12 "/conv1/Conv" (Conv) of x, w`. */
  get place(): string {
    const name = this.name === "" ? "" : ` "${this.name}"`;
    const inputs = this.inputs.filter((each) => each !== "").map((each) => `"${each}"`);
    return `node ${this.#index}${name} (${this.type})${inputs.length > 0 ? ` of ${inputs.join(", ")}` : ""}`;
  }

  /** An error about this node. */
  error(code: MokaError["code"], reason: string): MokaError {
    return new MokaError(code, `${this.place}: ${reason}`);
  }

  /** An axis of a shape, which may count from the end. */
  axis(shape: Shape, axis: number): number {
    if (!(Number.isInteger(axis) && axis >= -shape.length && axis < shape.length)) {
      throw this.error("MOKA_PARSE", `axis ${axis} is none of the ${shape.length} axes of ${shape.join(" × ")}`);
    }
    return axis < 0 ? axis + shape.length : axis;
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  int(name: string, fallback: number): number {
    const found = this.#find(name, AttributeType.INT);
    return found ? Number(found.i) : fallback;
  }

  float(name: string, fallback: number): number {
    return this.#find(name, AttributeType.FLOAT)?.f ?? fallback;
  }

  string(name: string, fallback: string): string {
    const found = this.#find(name, AttributeType.STRING);
    return found ? text(found.s) : fallback;
  }

  ints(name: string): readonly number[] | undefined {
    return this.#find(name, AttributeType.INTS)?.ints.map(Number);
  }

  floats(name: string): readonly number[] | undefined {
    return this.#find(name, AttributeType.FLOATS)?.floats;
  }

  tensor(name: string): Constant | undefined {
    const found = this.#find(name, AttributeType.TENSOR);
    return found?.t && tensorConstant(found.t, `${this.place}: attribute "${name}"`, this.#external);
  }

  #find(name: string, type?: AttributeType): AttributeProto | undefined {
    const found = this.#proto.attribute.find((each) => each.name === name);
    if (!found || type === undefined || found.type === type || found.type === AttributeType.UNDEFINED) return found;
    const [wanted, is] = [AttributeType[type], AttributeType[found.type] ?? found.type];
    throw this.error("MOKA_PARSE", `its attribute "${name}" has the type ${is}, not ${wanted}`);
  }
}
