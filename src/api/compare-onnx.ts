import { create, toBinary } from "@bufbuild/protobuf";
import type { Net } from "../core/net.js";
import { ErrorOfBlob } from "../onnx/blob-error.js";
import type { CertifiedBlob, CertifiedRun, OnnxComparison, PartedBlob } from "../onnx/certificate.js";
import { DeclaredSizes } from "../onnx/declared-sizes.js";
import { type ModelProto, ModelProtoSchema } from "../onnx/gen/onnx_pb.js";
import type { OnnxRuntime, OnnxRuntimeModule, OnnxSession, OnnxTensor } from "../platform/onnx-runtime.js";
import { concat } from "../util/bytes.js";
import { check, MokaError, reasonOf } from "../util/errors.js";
import { formatSizes, type Shape, sameShape } from "../util/shape.js";
import { type WorkOptions, watched } from "../util/work.js";
import { describeInputs, drawnRuns, type InputPlan, type RunInput, setInputs } from "./onnx-inputs.js";
import { openSession } from "./onnx-session.js";

/** A Caffe net and an ONNX model that must compute the same. */
export interface OnnxPair {
  /** Phase TEST, without passes: it keeps all blobs. */
  readonly net: Net;
  /** The bytes of the model's file, as a runtime gets them. */
  readonly bytes: Uint8Array;
  /** What these bytes say; its constants may be gone. */
  readonly model: ModelProto;
  /** Files with constants, by the names that the model has for them. */
  readonly externalData?: Readonly<Record<string, Uint8Array>> | undefined;
  /** The name in ONNX of each blob. Default: the blob's own. */
  readonly names?: ReadonlyMap<string, string> | undefined;
}

export interface CompareOptions extends InputPlan, WorkOptions {
  readonly runtime: OnnxRuntimeModule;
  readonly tolerance: number;
  /** Whether Moka wrote the model, so that every size must be as it is declared. Default true. */
  readonly isOwn?: boolean | undefined;
  /** Threads of ONNX Runtime. Default: its own choice. */
  readonly threads?: number | undefined;
}

/** A blob that both have, and how far the two are apart. */
interface Compared {
  readonly layer: string;
  readonly type: string;
  readonly blob: string;
  readonly value: string;
  readonly error: ErrorOfBlob;
}

/** ONNX Runtime gives at most so many bytes of values at a time, so that those of a large net never lie in memory twice. */
const mostBytes = 2 ** 28;

/**
 * Runs a Caffe net in Moka and a model in ONNX Runtime on the same inputs, and compares every blob that both have, layer by layer. ONNX
 * Runtime computes the bytes of the file with all those values as outputs, without optimizations; then the file as it is, with them.
 *
 * @throws MokaError `MOKA_UNSUPPORTED` if ONNX Runtime refuses the model or fails in it, `MOKA_SHAPE` for inputs that it does not take
 */
export async function compareOnnx(pair: OnnxPair, options: CompareOptions): Promise<OnnxComparison> {
  const { net, model, bytes } = pair;
  const { tolerance, seed } = options;
  const compared = comparedBlobs(pair);
  const isOutput = new Set(model.graph?.output.map(({ name }) => name));
  const outputs = compared.filter(({ value }) => isOutput.has(value)).map(fresh);
  check(compared.length > 0, "MOKA_UNSUPPORTED", "the net and the model have no blob in common to compare");
  let onnxRuntime = "of an unknown version";
  const runs: CertifiedRun[] = [];
  const inputs: ReadonlyMap<string, RunInput>[] = [];
  const kept: ReadonlyMap<string, { readonly shape: Shape; readonly data: Float32Array }>[] = [];
  const parted: (PartedBlob & { readonly place: number })[] = [];
  const sizes = new DeclaredSizes(options.isOwn === false ? undefined : model.graph);
  const more = compared.filter(({ value }) => !isOutput.has(value)).map(({ value }) => ({ name: value }));
  // The parts of a message that stand twice are merged: so the outputs are added without a change of the file's own bytes.
  const withAll = concat([bytes, toBinary(ModelProtoSchema, create(ModelProtoSchema, { graph: { output: more } }))]);

  const note = (each: Compared, run: number, found: OnnxTensor, wanted: { shape: Shape; data: Float32Array }) => {
    const { layer, type, blob, value } = each;
    const place = compared.findIndex((other) => other.value === value);
    const part = { layer, type, blob, value, run, place };
    if (!sameShape(found.dims, wanted.shape)) {
      each.error.maxError = Number.POSITIVE_INFINITY;
      each.error.relativeError = Number.POSITIVE_INFINITY;
      const shapes = { moka: wanted.shape, onnx: [...found.dims] };
      parted.push({ ...part, shapes, relativeError: Number.POSITIVE_INFINITY });
      return;
    }
    const { relativeError, worst } = each.error.add(wanted.data, valuesOf(found), wanted.shape);
    if (!(relativeError <= tolerance)) parted.push({ ...part, at: worst, relativeError });
  };
  const blobOf = (name: string) => {
    const { shape = [], data = new Float32Array(0) } = net.blobs.get(name) ?? {};
    return { shape, data };
  };

  await withSession(withAll, pair, options, "disabled", async (session, runtime) => {
    onnxRuntime = runtime.env?.versions?.node ?? runtime.env?.versions?.common ?? onnxRuntime;
    const total = options.batches.length + (Object.keys(options.inputs ?? {}).length > 0 ? 1 : 0);
    for await (const each of watched(drawnRuns(net, options), { what: "batches", total }, options)) {
      const run = runs.length;
      setInputs(net, each);
      await net.runForward();
      sizes.begin();
      const feeds = feedsFor(session, pair, each, { runtime, sizes });
      for (const group of groupsOf(compared, (name) => 4 * (net.blobs.get(name)?.count ?? 0))) {
        const found = await runSession(
          session,
          feeds,
          group.map(({ value }) => value),
        );
        for (const blob of group) {
          const tensor = found[blob.value];
          check(tensor, "MOKA_UNSUPPORTED", `ONNX Runtime gave no "${blob.value}"`);
          const wanted = blobOf(blob.blob);
          note(blob, run, tensor, wanted);
          if (sameShape(tensor.dims, wanted.shape)) checkDeclared(sizes, blob.value, tensor.dims);
        }
      }
      const batch = [...each.values()][0]?.shape[0] ?? 1;
      runs.push({ batch, inputs: await describeInputs(each) });
      inputs.push(each);
      kept.push(
        new Map(
          outputs.map(({ blob }) => {
            const { shape, data } = blobOf(blob);
            return [blob, { shape, data: data.slice() }];
          }),
        ),
      );
    }
  });
  await withSession(bytes, pair, options, undefined, async (session, runtime) => {
    for (const [run, each] of inputs.entries()) {
      sizes.begin();
      const found = await runSession(session, feedsFor(session, pair, each, { runtime, sizes }));
      for (const blob of outputs) {
        const [tensor, wanted] = [found[blob.value], kept[run]?.get(blob.blob)];
        if (tensor && wanted) note(blob, run, tensor, wanted);
      }
    }
  });

  const [first] = parted.toSorted((one, other) => one.place - other.place || one.run - other.run);
  const { place: _, ...named } = first ?? { place: 0 };
  return {
    ran: true,
    passed: first === undefined,
    tolerance,
    seed,
    runs,
    blobs: compared.map(certified),
    outputs: outputs.map(certified),
    ...(first && { parted: named as PartedBlob }),
    onnxRuntime,
  };
}

/** The blobs that both have, in the order of the Caffe net; the inputs are none of them. */
function comparedBlobs({ net, model, names }: OnnxPair): Compared[] {
  const made = new Set(model.graph?.node.flatMap(({ output }) => output));
  const found = new Map<string, Compared>();
  for (const { name: layer, type, tops } of net.layers) {
    for (const blob of tops) {
      const value = names ? names.get(blob) : blob;
      if (value === undefined || !made.has(value)) continue;
      // The last of the layers that change a blob in place is the one whose values it holds.
      found.delete(blob);
      found.set(blob, { layer, type, blob, value, error: new ErrorOfBlob() });
    }
  }
  return [...found.values()];
}

function fresh(blob: Compared): Compared {
  return { ...blob, error: new ErrorOfBlob() };
}

function certified({ error, ...blob }: Compared): CertifiedBlob {
  const { maxError, meanError, relativeError } = error;
  return { ...blob, maxError, meanError, relativeError };
}

async function withSession(
  bytes: Uint8Array,
  { externalData = {} }: OnnxPair,
  { runtime: given, threads }: CompareOptions,
  graphOptimizationLevel: "disabled" | undefined,
  work: (session: OnnxSession, runtime: OnnxRuntime) => Promise<void>,
): Promise<void> {
  const files = Object.entries(externalData).map(([path, data]) => ({ path, data }));
  const { session, runtime } = await openSession(bytes, {
    runtime: given,
    threads,
    sessionOptions: {
      ...(graphOptimizationLevel && { graphOptimizationLevel }),
      ...(files.length > 0 && { externalData: files }),
    },
  });
  try {
    await work(session, runtime);
  } finally {
    await session.release();
  }
}

async function runSession(session: OnnxSession, feeds: Readonly<Record<string, OnnxTensor>>, fetches?: string[]) {
  try {
    return await (fetches ? session.run(feeds, fetches) : session.run(feeds));
  } catch (error) {
    throw new MokaError("MOKA_UNSUPPORTED", `ONNX Runtime fails in the model: ${reasonOf(error)}`, { cause: error });
  }
}

function feedsFor(
  session: OnnxSession,
  { names, net }: OnnxPair,
  inputs: ReadonlyMap<string, RunInput>,
  { runtime, sizes }: { readonly runtime: OnnxRuntime; readonly sizes: DeclaredSizes },
): Record<string, OnnxTensor> {
  const blobs = new Map(net.inputs.map((blob) => [names?.get(blob) ?? blob, blob]));
  return Object.fromEntries(
    session.inputNames.map((name) => {
      const values = inputs.get(blobs.get(name) ?? name);
      check(values, "MOKA_BLOB", `the model has an input "${name}", and the Caffe net has none for it`);
      checkDeclared(sizes, name, values.shape);
      return [name, new runtime.Tensor("float32", values.data, [...values.shape])];
    }),
  );
}

function checkDeclared(sizes: DeclaredSizes, value: string, shape: Shape): void {
  const conflict = sizes.conflict(value, shape);
  check(
    conflict === undefined,
    "MOKA_SHAPE",
    `the model declares "${value}" as ${conflict}, and in a run it is ${formatSizes(shape)}`,
  );
}

/** Blobs in their order, in groups that take little memory together. */
function groupsOf(blobs: readonly Compared[], bytesOf: (blob: string) => number): readonly (readonly Compared[])[] {
  const groups: Compared[][] = [];
  let bytes = 0;
  for (const blob of blobs) {
    const group = groups.at(-1);
    const own = bytesOf(blob.blob);
    bytes += own;
    if (group && bytes <= mostBytes) group.push(blob);
    else {
      groups.push([blob]);
      bytes = own;
    }
  }
  return groups;
}

function valuesOf({ data }: OnnxTensor): ArrayLike<number | bigint | boolean> {
  return data as ArrayLike<number | bigint | boolean>;
}
