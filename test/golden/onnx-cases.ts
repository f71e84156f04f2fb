// The golden cases of layers, as nets to export.
import { readdirSync, readFileSync } from "node:fs";
import type { ExportNetOptions } from "../../src/api/export-onnx.js";
import type { NetParameter } from "../../src/proto/gen/caffe_pb.js";
import { netFromText } from "../nets.js";
import type { Values } from "../onnx/exported.js";
import { readSafetensors, type Safetensors } from "../safetensors.js";
import { dialectOf } from "./fork-dialects.js";

/** The paths of all cases, beside this file. */
export const onnxCases: readonly string[] = ["layers", "forks"].flatMap((folder) => {
  const at = new URL(`${folder}/`, import.meta.url);
  const types = readdirSync(at).filter((type) => type !== "nets" && type !== "README.md");
  return types.flatMap((type) => readdirSync(new URL(`${type}/`, at)).map((name) => `${folder}/${type}/${name}`));
});

export interface OnnxCase {
  readonly text: string;
  readonly weights: NetParameter;
  readonly options: ExportNetOptions;
  readonly golden: Safetensors;
}

export async function onnxCase(path: string): Promise<OnnxCase> {
  const at = new URL(`${path}/`, import.meta.url);
  const text = readFileSync(new URL("net.prototxt", at), "utf8");
  const golden = readSafetensors(readFileSync(new URL("tensors.safetensors", at)));
  const { dialect, cfg } = golden.metadata;
  const options = {
    ...(dialect !== undefined && dialectOf[dialect] && { dialect: dialectOf[dialect] }),
    ...(cfg !== undefined && { cfg: { TEST: JSON.parse(cfg) } }),
  };
  // The files have no scalars: the net's own shapes are taken.
  const net = await netFromText(text, { phase: "TEST", backward: false, ...options });
  for (const { name, data } of tensorsIn(golden, "param")) {
    const [layer, index] = name.split("/");
    net.params.get(layer)?.[Number(index)]?.data.set(data);
  }
  const weights = net.toMessage();
  await net.dispose();
  return { text, weights, options, golden };
}

/** The tensors `prefix/…` of a case. */
export function tensorsIn({ tensors }: Safetensors, prefix: string): (Values & { readonly name: string })[] {
  return [...tensors].flatMap(([name, tensor]) =>
    name.startsWith(`${prefix}/`) ? [{ name: name.slice(prefix.length + 1), ...tensor }] : [],
  );
}
