import { create } from "@bufbuild/protobuf";
import {
  type ModelProto,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
} from "./gen/onnx_pb.js";

/** A message has at most 2 GB. A model of more bytes of constants has them in files beside it; the rest is left for its nodes. */
export const mostBytes = 2 ** 31 - 2 ** 26;

/** Constants of fewer bytes stay in the model, where runtimes look for the sizes of Reshape and the like. */
const leastMoved = 1024;

/** Constants begin at multiples of this, so that a runtime can map the file into memory. */
const alignment = 4096;

/** A file with constants has at most 1 GB, unless one constant alone has more: larger ones cannot be hashed everywhere. */
const mostInFile = 2 ** 30;

/**
 * Moves the constants of a model that is too large for one file into files beside it. The model changes: its tensors then name the
 * files. A model that is small enough does not change.
 *
 * @param name the model's file, without its folder: the files are `<name>.data`, `<name>.data2` and so on
 * @param most the bytes of constants that may stay in the model
 * @returns the bytes by the names of the files; empty for a small model
 */
export function moveConstants(model: ModelProto, name: string, most: number = mostBytes): Record<string, Uint8Array> {
  const tensors = model.graph?.initializer ?? [];
  const total = tensors.reduce((sum, { rawData }) => sum + rawData.length, 0);
  if (total <= most) return {};
  const files: { size: number; tensors: { tensor: TensorProto; offset: number }[] }[] = [];
  for (const tensor of tensors) {
    const { length } = tensor.rawData;
    if (length < leastMoved) continue;
    let file = files.at(-1);
    if (!file || (file.size + length > mostInFile && file.size > 0)) {
      file = { size: 0, tensors: [] };
      files.push(file);
    }
    const offset = Math.ceil(file.size / alignment) * alignment;
    file.tensors.push({ tensor, offset });
    file.size = offset + length;
  }
  return Object.fromEntries(
    files.map((file, i) => {
      const location = `${name}.data${i === 0 ? "" : i + 1}`;
      const bytes = new Uint8Array(file.size);
      for (const { tensor, offset } of file.tensors) {
        bytes.set(tensor.rawData, offset);
        const entries = { location, offset: String(offset), length: String(tensor.rawData.length) };
        tensor.externalData = Object.entries(entries).map(([key, value]) =>
          create(StringStringEntryProtoSchema, { key, value }),
        );
        tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
        // Freed at once: there are never two copies of all.
        tensor.rawData = new Uint8Array(0);
      }
      return [location, bytes];
    }),
  );
}
