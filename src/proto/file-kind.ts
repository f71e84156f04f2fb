import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** The kinds of files that a command takes. */
export const kinds = {
  net: "a net's prototxt",
  solver: "a solver's prototxt",
  weights: "a caffemodel",
  state: "a solverstate",
  blob: "a binaryproto",
} as const;

/** The kind of a text that is no prototxt, as far as can be seen. */
export const textFile = "a text file";

/** The reason for which a file of another kind is refused. */
export function wrongKind(file: string, kind: string, wanted: string): string {
  return `${file} is ${kind}, where ${wanted} is wanted`;
}

/** What files of other kinds have at an offset, as Latin-1, in the order in which it is looked for. */
const marks: readonly (readonly [offset: number, mark: string, kind: string])[] = [
  [0, "version https://git-lfs", "a Git LFS pointer, not the file itself (git lfs pull gets it)"],
  [0, "\x89HDF", "an HDF5 file"],
  [0, "\x89PNG", "a PNG image"],
  [0, "\xff\xd8\xff", "a JPEG image"],
  [0, "GIF8", "a GIF image"],
  [8, "WEBP", "a WebP image"],
  [0, "\x1f\x8b", "compressed with gzip"],
  [0, "BZh", "compressed with bzip2"],
  [0, "\xfd7zXZ", "compressed with xz"],
  [0, "\x28\xb5\x2f\xfd", "compressed with zstd"],
  [0, "7z\xbc\xaf", "a 7z archive"],
  [0, "Rar!", "a RAR archive"],
  [0, "PK\x03\x04", "a zip archive, as PyTorch's models and .npz are"],
  [257, "ustar", "a tar archive"],
  [0, "\x80\x02", "a Python pickle, as PyTorch's old models are"],
  [0, "\x80\x04", "a Python pickle"],
  [0, "\x93NUMPY", "an array of NumPy"],
  [4, "TFL3", "a model of TensorFlow Lite"],
  [16, "\xde\xc0\xef\xbe", "an LMDB's data file"],
  [0, "%PDF", "a PDF"],
  [0, "\xff\xfe", "a text in UTF-16 (save it as UTF-8)"],
  [0, "\xfe\xff", "a text in UTF-16 (save it as UTF-8)"],
];

/**
 * What a file is, by its content: one of `kinds`, or another kind in words that follow "it is"; "a text file" for other
 * texts; undefined if the content does not tell.
 */
export function kindOf(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 300));
  const found = marks.find(([offset, mark]) => head.startsWith(mark, offset));
  if (found) return found[2];
  if (/^(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|\?xml)/i.test(head)) return "a web page";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they tell a binary file from a text
  return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(head) ? kindOfMessage(bytes) : kindOfText(new TextDecoder().decode(bytes));
}

/** The kind of a prototxt by the names of its fields; "a text file" if it has none of them. */
export function kindOfText(text: string): string {
  const plain = text.replace(/#.*/g, "");
  const ofSolver = /(?:^|[\s}])(?:(?:base_lr|lr_policy|max_iter|test_iter|(?:train_|test_)?net)\s*:|\w*net_param\b)/;
  if (ofSolver.test(plain)) return kinds.solver;
  return /(?:^|[\s}])layers?\s*:?\s*\{/.test(plain) ? kinds.net : textFile;
}

/** The kind of a binary message, by the numbers and the wire types of its fields; no value is read. */
function kindOfMessage(bytes: Uint8Array): string | undefined {
  const { Varint, LengthDelimited: Bytes } = WireType;
  const fields = fieldsOf(bytes);
  if (!fields) return undefined;
  const has = (no: number, ...types: WireType[]) => types.some((type) => fields.has(`${no} ${type}`));
  const only = (...numbers: number[]) => [...fields].every((each) => numbers.includes(Number(each.split(" ")[0])));
  if (has(1, Varint) && has(7, Bytes) && has(8, Bytes)) return "a model of ONNX";
  if (has(1, Varint) && only(1, 2, 3, 4) && (has(3, Bytes) || has(2, Bytes))) return kinds.state;
  if ((has(100, Bytes) || has(2, Bytes)) && only(1, 2, 3, 4, 5, 6, 7, 8, 100) && !has(1, Varint)) return kinds.weights;
  if (has(4, Bytes) && has(1, Varint) && only(1, 2, 3, 4, 5, 6, 7)) return "a Datum";
  if ((has(5, Bytes, WireType.Bit32) || has(8, Bytes)) && only(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)) return kinds.blob;
  return undefined;
}

/** The number and the wire type of every field, each once; undefined if the bytes are no message. */
function fieldsOf(bytes: Uint8Array): ReadonlySet<string> | undefined {
  const reader = new BinaryReader(bytes);
  const fields = new Set<string>();
  try {
    while (reader.pos < bytes.length) {
      const [no, type] = reader.tag();
      fields.add(`${no} ${type}`);
      reader.skip(type, no);
    }
  } catch {
    return undefined;
  }
  return reader.pos === bytes.length ? fields : undefined;
}
