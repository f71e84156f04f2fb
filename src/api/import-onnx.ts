import { WeightFileStore } from "../data/weight-files.js";
import { type Certificate, formatCertificate } from "../onnx/certificate.js";
import { importModel } from "../onnx/import/index.js";
import { readModel } from "../onnx/model.js";
import { targetNamed } from "../onnx/targets/index.js";
import { externalFiles } from "../onnx/tensor-files.js";
import { type FilesOptions, openFiles } from "../platform/open-files.js";
import type { NetParameter } from "../proto/gen/caffe_pb.js";
import { formatNet } from "../proto/text/index.js";
import { check } from "../util/errors.js";
import { type FileSource, isPath, pathOf, readSource, sourceName } from "../util/files.js";
import { type Log, silent } from "../util/log.js";
import { checkOptions } from "../util/options.js";
import type { Shape } from "../util/shape.js";
import type { CertifyOptions } from "./certify.js";
import { certifyImport } from "./certify-import.js";
import type { RunOptions } from "./environment.js";

/** Options of `importOnnx`. */
export interface ImportOnnxOptions extends FilesOptions, CertifyOptions, Pick<RunOptions, "engine" | "threads"> {
  /**
   * What the net is for, which decides the layers and fields that it may have: `moka` (all that Moka computes), `bvlc`, `ssd`, or a device's compiler:
   * `nnie`, `rknn`, `sigmastar`, `ascend`, `nvdla`. Default `moka`.
   */
  readonly target?: string | undefined;
  /** Shapes of inputs, by name, where the model leaves sizes open. An open batch is 1 by default. */
  readonly shapes?: Readonly<Record<string, Shape>> | undefined;
  /** The name of the model, for errors. Default: its path. */
  readonly file?: string | undefined;
  /** Values that lie in files beside the model: their bytes, by the names that the model has for them. Default: they are read from the folder of its path. */
  readonly externalData?: Readonly<Record<string, Uint8Array>> | undefined;
  /**
   * Path of the files to write, `<output>.prototxt`, `<output>.caffemodel` and, with a comparison, `<output>.certificate.json`. Nothing is
   * written if net and model differ. Default: nothing is written.
   */
  readonly output?: string | undefined;
  /** Receives the notes, as warnings. Default: nothing is logged. */
  readonly log?: Log | undefined;
}

/** A net that computes what a model does. */
export interface ImportOnnxResult {
  /** The net, without weights. */
  readonly net: NetParameter;
  /** The net with its weights. */
  readonly weights: NetParameter;
  /** The prototxt of `net`. */
  readonly text: string;
  /**
   * The blob that holds each value of the model, by the value's name. A value is missing where constants are computed away, nodes became a part of others,
   * or a layer in place writes over it.
   */
  readonly names: Readonly<Record<string, string>>;
  /** What was assumed, left out, or is not quite the same. */
  readonly notes: readonly string[];
  /** What was checked, as for `exportOnnx`; `comparison.ran` is false where nothing was run. */
  readonly certificate: Certificate;
  /** The files that were written. */
  readonly written: readonly string[];
}

/**
 * Makes a Caffe net of an ONNX model of a convolutional network, for toolchains that take only Caffe. Its layers say exactly what the operators do; what
 * Caffe cannot say is an error. Shapes are fixed; shape arithmetic and other constants are computed away. Where ONNX Runtime is installed, both run on the
 * same inputs, and every blob that both have is compared.
 *
 * @param model a path, or the model's bytes
 * @throws CertificateError with code `MOKA_CERTIFICATE` that names the first blob beyond the tolerance; MokaError `MOKA_UNSUPPORTED` with all nodes that cannot be imported, and what could be done; `MOKA_PARSE` for a damaged model; `MOKA_USAGE` for an
 *   unknown target, or an input whose shape must be given
 * @example
 * ```ts
 * const { text, weights, notes } = await importOnnx("model.onnx", { target: "bvlc" });
 * const net = await Net.load(text, { weights });
 * ```
 */
export async function importOnnx(model: FileSource, options: ImportOnnxOptions = {}): Promise<ImportOnnxResult> {
  checkOptions("importOnnx", options);
  const { target = "moka", shapes = {}, output, log = silent, externalData } = options;
  const chosen = targetNamed(target);
  const files = openFiles(options);
  const origin = options.file ?? sourceName(model) ?? "the model";
  const bytes = await readSource(files, model);
  const proto = readModel(bytes, origin);
  const path = isPath(model) ? pathOf(model) : undefined;
  const { external, size, found } = await externalFiles(proto, files, path, externalData);
  const imported = importModel(proto, { target: chosen, shapes, origin, size: bytes.length + size, external });
  const { net, weights, names, notes } = imported;
  for (const note of notes) log("warning", "", note);
  const text = formatNet(net);
  check(output !== "", "MOKA_USAGE", "output is empty; give the path of the files without their endings");
  const certificate = await certifyImport(
    { model: proto, bytes, path, externalData: found, text, weights, names },
    options,
  );
  const written: string[] = [];
  if (output !== undefined) {
    const encode = (content: string) => new TextEncoder().encode(content);
    await files.write(`${output}.prototxt`, encode(text));
    await new WeightFileStore(files, log).write(`${output}.caffemodel`, weights);
    written.push(`${output}.prototxt`, `${output}.caffemodel`);
    if (certificate.comparison.ran) {
      await files.write(`${output}.certificate.json`, encode(formatCertificate(certificate)));
      written.push(`${output}.certificate.json`);
    }
  }
  return { net, weights, text, names: Object.fromEntries(names), notes, certificate, written };
}
