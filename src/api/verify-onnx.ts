import { type Certificate, type CertifiedFile, type OnnxComparison, parseCertificate } from "../onnx/certificate.js";
import { readModel } from "../onnx/model.js";
import { externalFiles } from "../onnx/tensor-files.js";
import { openFiles } from "../platform/open-files.js";
import type { Weights } from "../proto/weight-sources.js";
import { check } from "../util/errors.js";
import {
  addressName,
  type FileSource,
  type Files,
  isFile,
  isPath,
  pathOf,
  readSource,
  sourceName,
} from "../util/files.js";
import { checkOptions } from "../util/options.js";
import { baseName, folderOf, isAbsolute } from "../util/paths.js";
import { stoppable } from "../util/work.js";
import { version } from "../version.js";
import { certifiedFile, certifiedSource, certifiedWeights } from "./certified-files.js";
import { CertificateError, type CertifyOptions, certify, describeParted, givenInputs } from "./certify.js";
import type { RunOptions } from "./environment.js";
import { describeInputs, type GivenInput } from "./onnx-inputs.js";
import { buildOriginal } from "./original-net.js";
import type { NetSource } from "./read-text.js";

/** Options of `verifyOnnx`. */
export interface VerifyOnnxOptions
  extends Omit<RunOptions, "seed" | "dialect">,
    Pick<CertifyOptions, "inputs" | "runtime"> {
  /** The certificate: its file, or what `exportOnnx` returned. Default: `<model>.certificate.json`. */
  readonly certificate?: FileSource | Certificate | undefined;
  /** The Caffe net. Default: the file that the certificate names. */
  readonly model?: NetSource | undefined;
  /** Its weights. Default: the files that the certificate names. */
  readonly weights?: Weights | undefined;
}

/** A file that a certificate is about, as it is now. */
export interface VerifiedFile extends CertifiedFile {
  /** `unknown`: the certificate has no hash of it. */
  readonly state: "same" | "changed" | "missing" | "unknown";
}

/** What came of checking a certificate again. */
export interface VerifyOnnxReport {
  /** Whether there are no problems. */
  readonly passed: boolean;
  /** All that is not as the certificate says, one sentence each. */
  readonly problems: readonly string[];
  /** What is worth knowing and no problem: other versions. */
  readonly notes: readonly string[];
  readonly files: readonly VerifiedFile[];
  /** The comparison of now; undefined where files have changed, so that nothing was run. */
  readonly comparison?: OnnxComparison | undefined;
  readonly certificate: Certificate;
}

/**
 * Checks a certificate again: the hashes of all files, the structure of the model, and the comparison, on the same inputs.
 *
 * @param model the ONNX model: its path or bytes
 * @throws MokaError `MOKA_PARSE` for a damaged certificate, `MOKA_UNSUPPORTED` without ONNX Runtime, `MOKA_FILE` if the model or the
 *   certificate cannot be read
 * @example
 * ```ts
 * const { passed, problems } = await verifyOnnx("net.onnx");
 * console.log(passed, problems); // true []
 * ```
 */
export async function verifyOnnx(model: FileSource, options: VerifyOnnxOptions = {}): Promise<VerifyOnnxReport> {
  checkOptions("verifyOnnx", options);
  return stoppable(options.signal, (signal) => verify(model, { ...options, signal }));
}

async function verify(model: FileSource, options: VerifyOnnxOptions): Promise<VerifyOnnxReport> {
  const files = openFiles(options);
  const { certificate, folder } = await readCertificate(model, options, files);
  const found = new FoundFiles(certificate, files, folder);
  const origin = sourceName(model) ?? "the model";
  const bytes = await readSource(files, model);
  found.add(await certifiedFile("onnx", isPath(model) ? addressName(pathOf(model)) : undefined, bytes));
  const source = options.model ?? (await found.locate("net"))[0];
  const weights = options.weights ?? (await found.locate("weights"));
  if (source !== undefined) found.add(await certifiedSource("net", source, { files, folder: "" }));
  for (const file of await certifiedWeights(weights, { files, folder: "" })) found.add(file);
  const modelPath = isPath(model) ? pathOf(model) : undefined;
  const externalData: Record<string, Uint8Array> = {};
  for (const path of certificate.files.flatMap(({ kind, path }) => (kind === "data" ? (path ?? []) : []))) {
    const place = `${folderOf(modelPath ?? "")}${path}`;
    if (!(await files.exists(place))) continue;
    const data = await files.read(place);
    externalData[path] = data;
    found.add(await certifiedFile("data", path, data));
  }
  const states = found.states();
  const problems = found.problems(states);
  const notes = version === certificate.moka ? [] : [`certified by Moka ${certificate.moka}, checked by ${version}`];
  const report = { certificate, files: states, notes };
  if (problems.length > 0 || source === undefined) return { ...report, passed: false, problems };
  const proto = readModel(bytes, origin);
  // A model may name files that its certificate does not know.
  await externalFiles(proto, files, modelPath, externalData);
  const before = certificate.comparison.ran ? certificate.comparison : undefined;
  const inputs = await sameInputs(certificate, { files, folder, options, problems });
  if (problems.length > 0) return { ...report, passed: false, problems };
  const isImport = certificate.direction === "import";
  const original = await buildOriginal(source, weights, {
    ...options,
    ...certificate.settings,
    seed: 1,
    keepNames: isImport,
  });
  try {
    const { comparison: _, format: __, moka: ___, opset: ____, irVersion: _____, ...facts } = certificate;
    const drawn = before?.runs.filter(({ inputs }) => Object.values(inputs).every(({ kind }) => kind !== "given"));
    const { dynamic, size } = certificate.batch;
    const names = isImport ? new Map(certificate.named.map(({ blob, name }) => [blob, name])) : undefined;
    const now = await certify({ net: original.net, bytes, model: proto, externalData, names }, facts, {
      ...options,
      certify: true,
      inputs,
      batches: drawn ? drawn.map(({ batch }) => batch) : dynamic ? [1, 2] : [size],
      tolerance: before?.tolerance,
      seed: before?.seed,
    }).catch((error) => {
      if (error instanceof CertificateError) return error.certificate;
      throw error;
    });
    const comparison = now.comparison.ran ? now.comparison : undefined;
    if (comparison) problems.push(...differences(comparison, before));
    if (before && comparison && before.onnxRuntime !== comparison.onnxRuntime)
      notes.push(`certified with ONNX Runtime ${before.onnxRuntime}, checked with ${comparison.onnxRuntime}`);
    if (now.opset !== certificate.opset || now.irVersion !== certificate.irVersion)
      problems.push(
        `the model has opset ${now.opset} and format ${now.irVersion}, not ${certificate.opset} and ${certificate.irVersion}`,
      );
    return { ...report, passed: problems.length === 0, problems, comparison };
  } finally {
    await original.net.dispose();
  }
}

/** The certificate, and the folder from which it sees files. */
async function readCertificate(
  model: FileSource,
  { certificate }: VerifyOnnxOptions,
  files: Files,
): Promise<{ readonly certificate: Certificate; readonly folder: string }> {
  const modelPath = isPath(model) ? pathOf(model) : undefined;
  if (certificate !== undefined && !isFile(certificate))
    return {
      certificate: parseCertificate(JSON.stringify(certificate), "the certificate"),
      folder: folderOf(modelPath ?? ""),
    };
  const source = certificate ?? (modelPath === undefined ? undefined : `${modelPath}.certificate.json`);
  check(source !== undefined, "MOKA_USAGE", "the certificate is wanted too where the model is given by its bytes");
  const text = new TextDecoder().decode(await readSource(files, source));
  const path = isPath(source) ? pathOf(source) : modelPath;
  return { certificate: parseCertificate(text, sourceName(source) ?? "the certificate"), folder: folderOf(path ?? "") };
}

/** The files of a certificate beside those that are there now. */
class FoundFiles {
  readonly #certificate: Certificate;
  readonly #files: Files;
  readonly #folder: string;
  readonly #now: CertifiedFile[] = [];

  constructor(certificate: Certificate, files: Files, folder: string) {
    this.#certificate = certificate;
    this.#files = files;
    this.#folder = folder;
  }

  /** The paths of the files of a kind that are there: beside the certificate, or as it names them. */
  async locate(kind: CertifiedFile["kind"]): Promise<string[]> {
    const paths: string[] = [];
    for (const file of this.#certificate.files) {
      if (file.kind !== kind || file.path === undefined) continue;
      const place = await placeOf(file.path, this.#folder, this.#files);
      if (place !== undefined) paths.push(place);
    }
    return paths;
  }

  add(file: CertifiedFile): void {
    this.#now.push(file);
  }

  /** Each file of the certificate, with what became of it. */
  states(): VerifiedFile[] {
    const now = [...this.#now];
    return this.#certificate.files.map((file): VerifiedFile => {
      // Of several files of weights, those whose hash is known are found first.
      const same = now.findIndex(({ kind, sha256 }) => kind === file.kind && sha256 === file.sha256);
      const named = now.findIndex(
        ({ kind, path = "" }) => kind === file.kind && baseName(path) === baseName(file.path ?? ""),
      );
      const index = [same, named, now.findIndex(({ kind }) => kind === file.kind)].find((each) => each >= 0);
      if (index === undefined) return { ...file, state: "missing" };
      const [found] = now.splice(index, 1);
      if (file.sha256 === undefined) return { ...file, state: "unknown" };
      return { ...file, state: found?.sha256 === file.sha256 ? "same" : "changed" };
    });
  }

  problems(states: readonly VerifiedFile[]): string[] {
    const words = { net: "the net", weights: "the weights", onnx: "the model", data: "the model's constants" };
    const listed = states.flatMap(({ kind, path, state }) => {
      const name = `${words[kind]}${path === undefined ? "" : ` (${path})`}`;
      if (state === "changed") return [`${name}: the file has changed since it was certified`];
      const give = kind === "net" ? "model (--model)" : "weights (--weights)";
      const hint = kind === "net" || kind === "weights" ? `; give it as ${give}` : "";
      return state === "missing" ? [`${name}: the file is not there${hint}`] : [];
    });
    const hasNet = states.some(({ kind }) => kind === "net");
    return hasNet ? listed : [...listed, "the certificate names no net"];
  }
}

/** Where a path of a certificate leads: from its folder, or from the working directory; undefined if there is no such file. */
async function placeOf(path: string, folder: string, files: Files): Promise<string | undefined> {
  if (isAbsolute(path)) return (await files.exists(path)) || /^https?:/i.test(path) ? path : undefined;
  if (await files.exists(folder + path)) return folder + path;
  return (await files.exists(path)) ? path : undefined;
}

/** The given inputs of the certificate's runs, from the caller or from the files that it names. */
async function sameInputs(
  { comparison }: Certificate,
  {
    files,
    folder,
    options,
    problems,
  }: {
    readonly files: Files;
    readonly folder: string;
    readonly options: VerifyOnnxOptions;
    readonly problems: string[];
  },
): Promise<Readonly<Record<string, GivenInput>>> {
  const runs = comparison.ran ? comparison.runs : [];
  const wanted = runs.flatMap(({ inputs }) => Object.entries(inputs).filter(([, { kind }]) => kind === "given"));
  const inputs: Record<string, GivenInput> = { ...(await givenInputs(options.inputs, options, folder)) };
  for (const [name, { file, sha256 }] of wanted) {
    if (!inputs[name]) {
      const place = file === undefined ? undefined : await placeOf(file, folder, files);
      if (place === undefined) {
        problems.push(
          `input "${name}": its values${file === undefined ? "" : ` (${file})`} are not there; give them as inputs (--input ${name}=FILE)`,
        );
        continue;
      }
      Object.assign(inputs, await givenInputs({ [name]: place }, options, folder));
    }
    const { shape, data } = inputs[name] ?? { shape: [], data: [] };
    const values = new Map([[name, { kind: "given" as const, shape, data: Float32Array.from(data) }]]);
    const now = (await describeInputs(values))[name]?.sha256;
    if (now !== sha256) problems.push(`input "${name}": its values have changed since it was certified`);
  }
  return inputs;
}

/** How a comparison differs from the one that was certified. */
function differences(now: OnnxComparison, before: OnnxComparison | undefined): string[] {
  const problems = now.parted ? [describeParted(now.parted, now.tolerance)] : [];
  const compared = new Set(now.blobs.map(({ value }) => value));
  const gone = before?.blobs.filter(({ value }) => !compared.has(value)) ?? [];
  return [...problems, ...gone.map(({ blob }) => `blob "${blob}" was compared, and is not any more`)];
}
