import { loadOnnxRuntime } from "#platform";
import type { Certificate, NoComparison, OnnxComparison, PartedBlob } from "../onnx/certificate.js";
import { structureProblems } from "../onnx/structure.js";
import type { OnnxRuntimeModule } from "../platform/onnx-runtime.js";
import type { FilesOptions } from "../platform/open-files.js";
import { loadArray } from "../tools/arrays.js";
import { check, MokaError, reasonOf } from "../util/errors.js";
import { isPath, pathOf } from "../util/files.js";
import type { Log } from "../util/log.js";
import { formatNumber } from "../util/number-format.js";
import { relativePath } from "../util/paths.js";
import { formatSizes, type Shape } from "../util/shape.js";
import type { WorkOptions } from "../util/work.js";
import { version } from "../version.js";
import { compareOnnx, type OnnxPair } from "./compare-onnx.js";
import type { GivenInput } from "./onnx-inputs.js";

/** How an ONNX model and a Caffe net are held against each other. */
export interface CertifyOptions {
  /**
   * Whether both are run and compared. Default: where ONNX Runtime is installed; where it is not, the certificate says that nothing was
   * run.
   */
  readonly certify?: boolean | undefined;
  /** The greatest allowed error of a blob, relative to its largest magnitude. Default 1e-4. */
  readonly tolerance?: number | undefined;
  /** Values of inputs for a run besides those on drawn values: an array, or the path of a `.npy` or JSON file. */
  readonly inputs?:
    | Readonly<Record<string, { readonly shape: Shape; readonly data: ArrayLike<number> } | string>>
    | undefined;
  /** Of the drawn values. Default 1. */
  readonly seed?: number | undefined;
  /**
   * The module of ONNX Runtime, or a function that loads it. Default: in Node `onnxruntime-node`; in a page the global `ort`, or
   * `onnxruntime-web` of an import map.
   */
  readonly runtime?: OnnxRuntimeModule | (() => Promise<OnnxRuntimeModule>) | undefined;
}

/**
 * Both sides compute different numbers: nothing is written then.
 *
 * @example
 * ```ts
 * try {
 *   await exportOnnx("net.prototxt", "net.caffemodel", { tolerance: 1e-12 });
 * } catch (error) {
 *   if (error instanceof CertificateError) console.log(error.code); // MOKA_CERTIFICATE
 * }
 * ```
 */
export class CertificateError extends MokaError {
  /** All that was compared. */
  readonly certificate: Certificate;

  constructor(certificate: Certificate, parted: PartedBlob, tolerance: number) {
    super("MOKA_CERTIFICATE", describeParted(parted, tolerance), { layer: { name: parted.layer, type: parted.type } });
    this.certificate = certificate;
  }
}

/** What a certificate says besides the comparison. */
export type CertificateFacts = Omit<Certificate, "format" | "moka" | "opset" | "irVersion" | "comparison">;

/** What is compared, and how; see `CertifyOptions`. */
export interface CertifyRequest extends Omit<CertifyOptions, "inputs">, WorkOptions {
  readonly inputs?: Readonly<Record<string, GivenInput>> | undefined;
  /** The batch sizes of runs on drawn values. */
  readonly batches: readonly number[];
  readonly threads?: number | undefined;
  readonly log?: Log | undefined;
}

/**
 * Checks the structure of a model, and runs it beside the Caffe net.
 *
 * @throws CertificateError if a blob is beyond the tolerance; MokaError `MOKA_CERTIFICATE` for a model that is not sound,
 *   `MOKA_UNSUPPORTED` if `certify` is true and there is no ONNX Runtime
 */
export async function certify(pair: OnnxPair, facts: CertificateFacts, request: CertifyRequest): Promise<Certificate> {
  const { model, externalData = {} } = pair;
  const { tolerance = 1e-4, seed = 1 } = request;
  check(tolerance > 0, "MOKA_USAGE", `tolerance must be greater than 0, not ${tolerance}`);
  // What others wrote need not be as tidy.
  const isOwn = facts.direction === "export";
  const problems = isOwn ? structureProblems(model, (name) => externalData[name]) : [];
  check(problems.length === 0, "MOKA_CERTIFICATE", `the model is not sound: ${problems.slice(0, 5).join("; ")}`);
  const runtime = await runtimeOf(request);
  const compared = async (): Promise<OnnxComparison | NoComparison> => {
    if ("ran" in runtime) return runtime;
    try {
      return await compareOnnx(pair, { ...request, size: facts.batch.size, seed, tolerance, runtime, isOwn });
    } catch (error) {
      // A runtime may lack what a model of others needs.
      const isRefused = error instanceof MokaError && error.code === "MOKA_UNSUPPORTED";
      if (isOwn || request.certify === true || !isRefused) throw error;
      return { ran: false, reason: error.message };
    }
  };
  const comparison = await compared();
  if (!comparison.ran && request.certify !== false)
    request.log?.("warning", "", `the model is not compared with the Caffe net: ${comparison.reason}`);
  const opset = model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx");
  const certificate: Certificate = {
    format: 1,
    moka: version,
    opset: Number(opset?.version ?? 0),
    irVersion: Number(model.irVersion),
    ...facts,
    comparison,
  };
  if (comparison.ran && comparison.parted) throw new CertificateError(certificate, comparison.parted, tolerance);
  return certificate;
}

/** The runtime, or why there is none. */
async function runtimeOf({ certify, runtime }: CertifyRequest): Promise<OnnxRuntimeModule | NoComparison> {
  if (certify === false) return { ran: false, reason: "it was not asked for" };
  try {
    if (runtime === undefined) return await loadOnnxRuntime();
    return typeof runtime === "function" ? await runtime() : runtime;
  } catch (error) {
    if (certify === true) throw error;
    return { ran: false, reason: reasonOf(error) };
  }
}

/**
 * The inputs with the values of files.
 *
 * @param folder of the certificate, from which their paths are seen
 */
export async function givenInputs(
  inputs: CertifyOptions["inputs"] = {},
  options: FilesOptions,
  folder = "",
): Promise<Readonly<Record<string, GivenInput>>> {
  const given: Record<string, GivenInput> = {};
  for (const [name, values] of Object.entries(inputs)) {
    given[name] = isPath(values)
      ? { ...(await loadArray(values, options)), file: relativePath(pathOf(values), folder) }
      : values;
  }
  return given;
}

/** Where two nets part, in a sentence. */
export function describeParted({ blob, shapes, at, relativeError }: PartedBlob, tolerance: number): string {
  const head = `blob "${blob}" is the first that is not the same in ONNX Runtime`;
  if (shapes) return `${head}: ${formatSizes(shapes.moka)} in Moka, ${formatSizes(shapes.onnx)} there`;
  const place = at ? `at [${at.index.join(", ")}] Moka has ${at.moka}, ONNX Runtime ${at.onnx}; ` : "";
  return `${head}: ${place}the error is ${formatNumber(relativeError, 3)} of its largest value, the tolerance ${formatNumber(tolerance, 3)}`;
}
