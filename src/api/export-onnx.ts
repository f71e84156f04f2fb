import type { Net } from "../core/net.js";
import { type Certificate, formatCertificate } from "../onnx/certificate.js";
import { type ExportedNet, type ExportSettings, exportNet } from "../onnx/export/export-net.js";
import type { NamedVersion } from "../onnx/export/name-versions.js";
import { moveConstants } from "../onnx/external-data.js";
import { readModel, writeModel } from "../onnx/model.js";
import { openFiles } from "../platform/open-files.js";
import type { Weights } from "../proto/weight-sources.js";
import { foldNet } from "../tools/fold/index.js";
import { check } from "../util/errors.js";
import { silent } from "../util/log.js";
import { checkOptions } from "../util/options.js";
import { baseName, folderOf } from "../util/paths.js";
import { stoppable } from "../util/work.js";
import { certifiedFile, certifiedSource, certifiedWeights } from "./certified-files.js";
import { type CertifyOptions, certify, givenInputs } from "./certify.js";
import { buildOriginal, type OriginalOptions } from "./original-net.js";
import type { NetSource } from "./read-text.js";

export interface ExportNetOptions extends OriginalOptions, Omit<ExportSettings, "batch"> {
  /**
   * What becomes of BatchNorm, Scale and Bias layers: `fold` makes them a part of the weights beside them, where that is exact; `keep`
   * writes them as `BatchNormalization`. Default `fold`.
   */
  readonly batchNorm?: "fold" | "keep" | undefined;
}

/** A net that was exported, beside the one that it was made from. */
export interface ExportPair {
  /** The Caffe net as it is, but for names (see `named`); phase TEST. It owns its engine: dispose of it. */
  readonly original: Net;
  readonly exported: ExportedNet;
  /** The blobs that have other names in ONNX, because layers work in place on them. */
  readonly named: readonly NamedVersion[];
  /** The layers that were folded into others. */
  readonly folded: readonly string[];
}

/**
 * Builds a net in phase TEST, and writes it as ONNX.
 *
 * @param model the net, as for `Net.load`
 * @param weights files or messages
 * @throws MokaError as `Net.load` does; see `exportNet` for what ONNX cannot say
 */
export async function exportPair(
  model: NetSource,
  weights: Weights | undefined,
  options: ExportNetOptions = {},
): Promise<ExportPair> {
  const { batch, batchNorm = "fold" } = options;
  check(
    batchNorm === "fold" || batchNorm === "keep",
    "MOKA_USAGE",
    `batchNorm must be "fold" or "keep", not "${batchNorm}"`,
  );
  const original = await buildOriginal(model, weights, options);
  const { net, message, named, state, shapes } = original;
  try {
    const settings = {
      ...options,
      outputs: [...original.outputs, ...(options.outputs ?? [])],
      batch: typeof batch === "number" ? ("fixed" as const) : batch,
    };
    if (batchNorm === "keep") return { original: net, exported: exportNet(net, settings), named, folded: [] };
    const fold = foldNet(message, net.toMessage(), state, { shapes, log: silent });
    const foldedNet = await original.build(fold.net.layer);
    try {
      foldedNet.copyTrainedLayers(fold.weights);
      const exported = exportNet(foldedNet, settings);
      return { original: net, exported, named, folded: fold.folded.map(({ layer }) => layer) };
    } finally {
      await foldedNet.dispose();
    }
  } catch (error) {
    await net.dispose();
    throw error;
  }
}

/** Options of `exportOnnx`. */
export interface ExportOnnxOptions extends Omit<ExportNetOptions, "forLeftOut" | "seed">, CertifyOptions {
  /**
   * Path of the model's file. With a certificate, `<output>.certificate.json` is written beside it. Nothing is written if both are not the
   * same. Default: nothing is written.
   */
  readonly output?: string | undefined;
  /**
   * A model whose constants have more bytes than this has them in `<output>.data` beside it. Default: what a file of ONNX can hold, about
   * 2 GB.
   */
  readonly externalDataOver?: number | undefined;
}

/** A net in ONNX, with the proof that it is the same. */
export interface ExportOnnxResult {
  /** The bytes of the model's file. */
  readonly model: Uint8Array;
  /** The files with constants of a model that is too large for one file, by name; empty for others. */
  readonly externalData: Readonly<Record<string, Uint8Array>>;
  /** What was checked; `comparison.ran` is false where nothing was run. */
  readonly certificate: Certificate;
  /** The files that were written. */
  readonly written: readonly string[];
}

/**
 * Writes a net in phase TEST as an ONNX model of the standard domain, runs both on the same inputs, and compares every blob that both have.
 * What ONNX cannot say exactly is an error.
 *
 * @param model the net, as for `Net.load`
 * @param weights files or messages
 * @param options the progress counts the `batches` on which both are compared
 * @throws CertificateError with code `MOKA_CERTIFICATE` that names the first blob beyond the tolerance; MokaError `MOKA_UNSUPPORTED` that
 *   names each layer which ONNX cannot say, and why
 * @example
 * ```ts
 * const { model, certificate } = await exportOnnx("net.prototxt", "net.caffemodel", { output: "net.onnx" });
 * console.log(certificate.comparison.ran && certificate.comparison.passed); // true
 * ```
 */
export async function exportOnnx(
  model: NetSource,
  weights: Weights | undefined,
  options: ExportOnnxOptions = {},
): Promise<ExportOnnxResult> {
  checkOptions("exportOnnx", options);
  return stoppable(options.signal, (signal) => exportAndCertify(model, weights, { ...options, signal }));
}

async function exportAndCertify(
  model: NetSource,
  weights: Weights | undefined,
  options: ExportOnnxOptions,
): Promise<ExportOnnxResult> {
  const { output, externalDataOver, batch, cut, dialect, level, stages } = options;
  check(output !== "", "MOKA_USAGE", "output is empty; give the path of the model's file");
  const files = openFiles(options);
  const folder = folderOf(output ?? "");
  const inputs = await givenInputs(options.inputs, options, folder);
  const shapes = { ...options.shapes };
  for (const [name, { shape }] of Object.entries(inputs)) shapes[name] = shape;
  // The seed is that of the drawn inputs: what fillers fill is the same each time.
  const { original, exported, named, folded } = await exportPair(model, weights, { ...options, shapes, seed: 1 });
  try {
    const name = baseName(output ?? "model.onnx");
    const externalData = moveConstants(exported.model, name, externalDataOver);
    const bytes = writeModel(exported.model);
    // The message holds all constants once more; what is read again shows the file's own bytes.
    exported.model.graph = undefined;
    const own = [await certifiedFile("onnx", name, bytes)];
    for (const [path, data] of Object.entries(externalData)) own.push(await certifiedFile("data", path, data));
    const facts = {
      direction: "export" as const,
      files: [
        await certifiedSource("net", model, { files, folder }),
        ...(await certifiedWeights(weights, { files, folder })),
        ...own,
      ],
      settings: { batch, shapes, cut, dialect, level, stages },
      inputs: exported.inputs,
      outputs: exported.outputs,
      batch: exported.batch,
      approximations: exported.approximations,
      notes: exported.notes,
      folded,
      named,
      verify: `moka verify ${name}`,
    };
    const batches = exported.batch.dynamic ? [1, 2] : [exported.batch.size];
    const pair = { net: original, bytes, model: readModel(bytes, name), externalData };
    const certificate = await certify(pair, facts, { ...options, inputs, batches });
    const written: string[] = [];
    const write = async (path: string, content: Uint8Array) => {
      await files.write(path, content);
      written.push(path);
    };
    options.signal?.throwIfAborted();
    if (output !== undefined) {
      for (const [path, data] of Object.entries(externalData)) await write(folder + path, data);
      await write(output, bytes);
      const text = new TextEncoder().encode(formatCertificate(certificate));
      if (certificate.comparison.ran) await write(`${output}.certificate.json`, text);
    }
    return { model: bytes, externalData, certificate, written };
  } finally {
    await original.dispose();
  }
}
