// Small models of a few nodes, imported and run in Moka, and run in ONNX Runtime.
import { create } from "@bufbuild/protobuf";
import { expect } from "vitest";
import { type ImportOnnxOptions, importOnnx } from "../../src/api/import-onnx.js";
import {
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  ValueInfoProtoSchema,
} from "../../src/onnx/gen/onnx_pb.js";
import { type AttributeValue, attribute, type Dim, valueInfo, writeModel } from "../../src/onnx/model.js";
import { type Constant, floatConstant, intConstant, tensorProto } from "../../src/onnx/tensor.js";
import { countOf, type Shape } from "../../src/util/shape.js";
import { runOnnx } from "./exported.js";
import { differenceOf, type ImportedRun, runImported, type Values } from "./imported.js";

export interface NodeSpec {
  readonly op: string;
  readonly inputs: readonly string[];
  /** Default: `y`. */
  readonly outputs?: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly domain?: string;
}

export interface ModelSpec {
  /** Default 13. */
  readonly opset?: number;
  readonly inputs: Readonly<Record<string, readonly Dim[]>>;
  readonly constants?: Readonly<Record<string, Constant>>;
  readonly nodes: readonly NodeSpec[];
  /** Default: `y`. */
  readonly outputs?: readonly string[];
}

/** Constants of these values; without values they are drawn. */
export const floats = (shape: Shape, values?: readonly number[]): Constant =>
  floatConstant(shape, values ?? Float32Array.from({ length: countOf(shape) }, (_, i) => draw(i + 7)));
export const ints = (values: readonly number[], shape: Shape = [values.length]): Constant => intConstant(shape, values);

/** Numbers between −1.7 and 1.7 that look random, and are the same each time. */
export const draw = (i: number) => Math.sin((i + 1) * 12.9898) * 1.7;

/** An array of floats, of a shape that is not said. */
const type = { value: { case: "tensorType" as const, value: { elemType: 1 } } };

export function modelOf({ opset = 13, inputs, constants = {}, nodes, outputs = ["y"] }: ModelSpec): Uint8Array {
  return writeModel(
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [["", opset] as const, ["custom", 1] as const].map(([domain, version]) => {
        return create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) });
      }),
      graph: {
        name: "test",
        input: Object.entries(inputs).map(([name, dims]) => valueInfo(name, dims)),
        // Shapes of outputs are left to be inferred.
        output: outputs.map((name) => create(ValueInfoProtoSchema, { name, type })),
        initializer: Object.entries(constants).map(([name, constant]) => tensorProto(name, constant)),
        node: nodes.map(({ op, inputs: input, outputs: output = ["y"], attributes = {}, domain = "" }, i) => {
          const list = Object.entries(attributes).map(([name, value]) => attribute(name, value));
          const fields = { name: `node${i}`, opType: op, domain, input: [...input], output: [...output] };
          return create(NodeProtoSchema, { ...fields, attribute: list });
        }),
      },
    }),
  );
}

export interface Check extends ModelSpec {
  /** Default: moka and bvlc. */
  readonly targets?: readonly string[];
  /** The values of inputs. Default: `draw`. */
  readonly draw?: (index: number) => number;
  /** The largest error, relative to the largest value. Default 2e-6. */
  readonly tolerance?: number;
  readonly options?: ImportOnnxOptions;
}

/** Imports the model for each target, and checks that it gives what ONNX Runtime gives. Returns the types of its layers, without Input, by target. */
export async function same(check: Check): Promise<Readonly<Record<string, string>>> {
  const { targets = ["moka", "bvlc"], tolerance = 2e-6 } = check;
  const bytes = modelOf(check);
  const inputs = Object.fromEntries(
    Object.entries(check.inputs).map(([name, dims], nth): [string, Values] => {
      const shape = check.options?.shapes?.[name] ?? dims.map((dim) => (typeof dim === "number" ? dim : 1));
      const data = Float32Array.from({ length: countOf(shape) }, (_, i) => (check.draw ?? draw)(i + 1000 * nth));
      return [name, { shape, data }];
    }),
  );
  const expected = await runOnnx(bytes, inputs);
  const types: Record<string, string> = {};
  for (const target of targets) {
    const run: ImportedRun = await runImported(bytes, inputs, { ...check.options, target });
    // A target without Silence leaves values as outputs that nothing reads; the notes say so.
    const unread = run.result.notes.join().includes("more outputs than the model");
    const found = Object.keys(run.outputs).filter((name) => !unread || name in expected);
    expect(found.sort(), target).toEqual(Object.keys(expected).sort());
    for (const [name, values] of Object.entries(expected)) {
      expect(run.outputs[name]?.shape, `${target}: shape of ${name}`).toEqual(values.shape);
      expect(differenceOf(run.outputs[name], values), `${target}: ${name} by ${run.types}`).toBeLessThanOrEqual(
        tolerance,
      );
    }
    types[target] = run.types.filter((type) => type !== "Input").join(" ");
  }
  return types;
}

/** The import of a model that is refused: what it is rejected with. */
export async function refused(spec: ModelSpec, options: ImportOnnxOptions = {}): Promise<unknown> {
  return importOnnx(modelOf(spec), { engine: "reference", ...options });
}

/** One node of x. */
export const node = (
  op: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
  more: readonly string[] = [],
): NodeSpec => ({
  op,
  inputs: ["x", ...more],
  attributes,
});
