import type { Certificate, CertifiedFile } from "../onnx/certificate.js";
import type { ModelProto } from "../onnx/gen/onnx_pb.js";
import { declaredDims } from "../onnx/structure.js";
import type { FilesOptions } from "../platform/open-files.js";
import { writeNet } from "../proto/binary/index.js";
import type { NetParameter } from "../proto/gen/caffe_pb.js";
import { concat } from "../util/bytes.js";
import type { Log } from "../util/log.js";
import { baseName, folderOf, relativePath } from "../util/paths.js";
import { certifiedFile } from "./certified-files.js";
import { type CertifyOptions, certify, givenInputs } from "./certify.js";
import type { RunOptions } from "./environment.js";
import { buildOriginal } from "./original-net.js";

/** A model, and the net that was made of it. */
export interface Imported {
  readonly model: ModelProto;
  readonly bytes: Uint8Array;
  /** The model's path, if it has one. */
  readonly path: string | undefined;
  readonly externalData: Readonly<Record<string, Uint8Array>>;
  readonly text: string;
  readonly weights: NetParameter;
  /** The blob that holds each value of the model. */
  readonly names: ReadonlyMap<string, string>;
}

export interface CertifyImportOptions extends FilesOptions, CertifyOptions, Pick<RunOptions, "engine" | "threads"> {
  readonly output?: string | undefined;
  readonly log?: Log | undefined;
}

/**
 * Runs an imported net beside its model.
 *
 * @throws CertificateError if a blob is beyond the tolerance
 */
export async function certifyImport(imported: Imported, options: CertifyImportOptions): Promise<Certificate> {
  const { model, bytes, externalData, text, weights } = imported;
  const { graph } = model;
  const inputs = await givenInputs(options.inputs, options, folderOf(options.output ?? ""));
  // Of several values that one blob holds, the last is as good as the others.
  const names = new Map([...imported.names].map(([value, blob]) => [blob, value]));
  const { net } = await buildOriginal(text, weights, { ...options, log: undefined, seed: 1, keepNames: true });
  try {
    const makers = new Map(net.layers.flatMap(({ name, tops }) => tops.map((top) => [top, name] as const)));
    const size = net.blobs.get(net.inputs[0] ?? "")?.shape[0] ?? 1;
    const constants = new Set(graph?.initializer.map(({ name }) => name));
    const dims = (values: NonNullable<typeof graph>["input"] = []) =>
      Object.fromEntries(values.map((value) => [value.name, declaredDims(value) ?? []]));
    const facts = {
      direction: "import" as const,
      ...(await filesOf(imported, options.output)),
      settings: {},
      inputs: dims(graph?.input.filter(({ name }) => !constants.has(name))),
      outputs: dims(graph?.output),
      batch: { dynamic: false, size },
      approximations: [],
      notes: [],
      folded: [],
      named: [...names].map(([blob, name]) => ({ blob, name, layer: makers.get(blob) ?? "" })),
    };
    return await certify({ net, bytes, model, externalData, names }, facts, { ...options, inputs, batches: [size] });
  } finally {
    await net.dispose();
  }
}

/** The files with their hashes, and the command that checks them. */
async function filesOf(
  { bytes, path, externalData, text, weights }: Imported,
  output: string | undefined,
): Promise<Pick<Certificate, "files" | "verify">> {
  const folder = folderOf(output ?? "");
  const seen = path === undefined ? undefined : relativePath(path, folder);
  const own = (ending: string) => (output === undefined ? undefined : `${baseName(output)}.${ending}`);
  const written = writeNet(weights);
  const files: CertifiedFile[] = [
    await certifiedFile("net", own("prototxt"), new TextEncoder().encode(text)),
    await certifiedFile("weights", own("caffemodel"), written instanceof Uint8Array ? written : concat(written)),
    await certifiedFile("onnx", seen, bytes),
  ];
  for (const [name, data] of Object.entries(externalData)) files.push(await certifiedFile("data", name, data));
  return { files, verify: `moka verify ${seen ?? "MODEL"} ${own("certificate.json") ?? "CERTIFICATE"}` };
}
