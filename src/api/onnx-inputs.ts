import type { Net } from "../core/net.js";
import { takesIndices } from "../core/takes-indices.js";
import type { CertifiedInput } from "../onnx/certificate.js";
import { check, MokaError } from "../util/errors.js";
import { Random } from "../util/random.js";
import { hex, sha256 } from "../util/sha256.js";
import { checkShape, countOf, formatSizes, type Shape, sameShape } from "../util/shape.js";

/** Values of an input that the caller gives. */
export interface GivenInput {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
  /** The file that they were read from. */
  readonly file?: string | undefined;
}

/** The values of one input in one run. */
export interface RunInput {
  readonly kind: CertifiedInput["kind"];
  readonly shape: Shape;
  readonly data: Float32Array;
  readonly file?: string | undefined;
}

export interface InputPlan {
  readonly inputs?: Readonly<Record<string, GivenInput>> | undefined;
  /** The batch sizes of runs on drawn values. */
  readonly batches: readonly number[];
  /** The batch size that the net was built with: inputs whose first axis has it take the batches' sizes. */
  readonly size: number;
  readonly seed: number;
}

/**
 * The inputs of each run of a net: first those that are given, with drawn ones for the others, then drawn ones alone at each batch size. The
 * same seed gives the same values.
 *
 * @throws MokaError `MOKA_USAGE` for an input that the net has not, `MOKA_SHAPE` for values that do not fit their shape
 */
export function* drawnRuns(net: Net, plan: InputPlan): Generator<ReadonlyMap<string, RunInput>, void, undefined> {
  const { inputs = {}, batches, size, seed } = plan;
  const random = new Random(seed);
  const own = new Map(net.inputs.map((name) => [name, net.blobs.get(name)?.shape ?? []]));
  const given = Object.entries(inputs);
  for (const [name, { shape, data }] of given) {
    const names = net.inputs.join(", ") || "none";
    check(own.has(name), "MOKA_USAGE", `the net has no input "${name}"; its inputs are ${names}`);
    const wanted = countOf(shape);
    check(
      wanted === data.length,
      "MOKA_SHAPE",
      `input "${name}" of ${formatSizes(shape)} has ${wanted} values, not ${data.length}`,
    );
  }
  const draw = (batch: number, fixed: typeof inputs) =>
    new Map(
      [...own].map(([name, shape]): [string, RunInput] => {
        const values = fixed[name];
        if (values)
          return [
            name,
            { kind: "given", shape: values.shape, data: Float32Array.from(values.data), file: values.file },
          ];
        const sizes = shape.length > 0 && shape[0] === size ? [batch, ...shape.slice(1)] : shape;
        const data = newValues(name, sizes);
        if (takesIndices(net, name)) return [name, { kind: "zeros", shape: sizes, data }];
        random.gaussian(data, 0, 1);
        return [name, { kind: "random", shape: sizes, data }];
      }),
    );
  const [first] = net.inputs.flatMap((name) => inputs[name]?.shape[0] ?? []);
  if (given.length > 0) yield draw(first ?? size, inputs);
  for (const batch of batches) yield draw(batch, {});
}

/** @throws MokaError `MOKA_SHAPE` or `MOKA_MEMORY` for sizes that no blob can have */
function newValues(name: string, shape: Shape): Float32Array<ArrayBuffer> {
  checkShape(shape);
  try {
    return new Float32Array(countOf(shape));
  } catch (error) {
    throw new MokaError("MOKA_MEMORY", `input "${name}" of ${formatSizes(shape)} does not fit into memory`, {
      cause: error,
    });
  }
}

/** Gives a net these inputs, in their shapes. */
export function setInputs(net: Net, inputs: ReadonlyMap<string, RunInput>): void {
  const changed = [...inputs].filter(([name, { shape }]) => !sameShape(net.blobs.get(name)?.shape ?? [], shape));
  if (changed.length > 0) net.reshape(Object.fromEntries(changed.map(([name, { shape }]) => [name, shape])));
  for (const [name, { data }] of inputs) net.blobs.get(name)?.data.set(data);
}

/** What a certificate says of the inputs of a run. */
export async function describeInputs(
  inputs: ReadonlyMap<string, RunInput>,
): Promise<Readonly<Record<string, CertifiedInput>>> {
  const described: Record<string, CertifiedInput> = {};
  for (const [name, { kind, shape, data, file }] of inputs) {
    const isGiven = kind === "given";
    described[name] = { kind, shape, ...(isGiven && { sha256: hex(await sha256(new Uint8Array(data.buffer))), file }) };
  }
  return described;
}
