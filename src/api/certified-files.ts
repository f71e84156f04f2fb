import type { CertifiedFile } from "../onnx/certificate.js";
import { isWeightMessage, type Weights, weightSources } from "../proto/weight-sources.js";
import { addressName, type FileSource, type Files, isPath, pathOf, readSource } from "../util/files.js";
import { relativePath } from "../util/paths.js";
import { hex, sha256 } from "../util/sha256.js";
import { isNet, isText, type NetSource } from "./read-text.js";

/** Where files are read, and the folder of the certificate, from which their paths are seen. */
interface Place {
  readonly files: Files;
  readonly folder: string;
}

/** A file with its hash. */
export async function certifiedFile(
  kind: CertifiedFile["kind"],
  path: string | undefined,
  bytes: Uint8Array,
): Promise<CertifiedFile> {
  return { kind, ...(path !== undefined && { path }), sha256: hex(await sha256(bytes)) };
}

/** A net's prototxt with its hash. */
export async function certifiedSource(kind: "net" | "onnx", source: NetSource, place: Place): Promise<CertifiedFile> {
  if (isNet(source)) return { kind };
  if (isText(source)) return certifiedFile(kind, undefined, new TextEncoder().encode(source));
  return sourceFile(kind, source, place);
}

/** The files of weights with their hashes. */
export async function certifiedWeights(weights: Weights | undefined, place: Place): Promise<CertifiedFile[]> {
  const all: CertifiedFile[] = [];
  for (const source of weights === undefined ? [] : weightSources(weights)) {
    all.push(isWeightMessage(source) ? { kind: "weights" } : await sourceFile("weights", source, place));
  }
  return all;
}

/** One file at a time is in memory. */
async function sourceFile(kind: CertifiedFile["kind"], source: FileSource, { files, folder }: Place) {
  const path = isPath(source) ? relativePath(addressName(pathOf(source)), folder) : undefined;
  return certifiedFile(kind, path, await readSource(files, source));
}
