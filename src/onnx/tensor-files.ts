import { check } from "../util/errors.js";
import type { Files } from "../util/files.js";
import type { ModelProto, TensorProto } from "./gen/onnx_pb.js";
import type { ExternalData } from "./tensor.js";

/**
 * Reads the files with values that lie beside a model.
 *
 * @param path the model's; without it, only what is given is there
 * @param given bytes by the names that the model has for them
 * @returns what gives the bytes of a name, the size of all of them, and the bytes by name
 * @throws MokaError `MOKA_FILE` for a file that cannot be read, or that does not lie in the model's folder or below it
 */
export async function externalFiles(
  model: ModelProto,
  files: Files,
  path: string | undefined,
  given: Readonly<Record<string, Uint8Array>> = {},
): Promise<{
  readonly external: ExternalData;
  readonly size: number;
  readonly found: Readonly<Record<string, Uint8Array>>;
}> {
  const found = new Map(Object.entries(given));
  for (const tensor of tensorsOf(model)) {
    for (const { key, value } of tensor.externalData) {
      if (key !== "location" || found.has(value) || path === undefined) continue;
      // A model must not name files elsewhere: it may come from anyone.
      const isInside = !/^([/\\]|[a-z]+:)/i.test(value) && !value.split(/[/\\]/).includes("..") && value !== "";
      check(
        isInside,
        "MOKA_FILE",
        `the values of "${tensor.name}" lie in "${value}", which is not in the folder of ${path}`,
      );
      found.set(value, await files.read(path.replace(/[^/\\]*$/, "") + value));
    }
  }
  const size = [...found.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  return { external: (location) => found.get(location), size, found: Object.fromEntries(found) };
}

function tensorsOf({ graph }: ModelProto): readonly TensorProto[] {
  const attributes = graph?.node.flatMap(({ attribute }) => attribute.flatMap(({ t }) => t ?? [])) ?? [];
  return [...(graph?.initializer ?? []), ...attributes];
}
