import { concat, formatStart, maxDeflateRatio } from "../util/bytes.js";
import { check, MokaError, reasonOf } from "../util/errors.js";
import { countOf, formatShape, type Shape } from "../util/shape.js";

/** IDX's element types: the code of each, its array type, and how one element is read and written. */
const types = [
  { code: 0x08, Array: Uint8Array, get: DataView.prototype.getUint8, set: DataView.prototype.setUint8 },
  { code: 0x09, Array: Int8Array, get: DataView.prototype.getInt8, set: DataView.prototype.setInt8 },
  { code: 0x0b, Array: Int16Array, get: DataView.prototype.getInt16, set: DataView.prototype.setInt16 },
  { code: 0x0c, Array: Int32Array, get: DataView.prototype.getInt32, set: DataView.prototype.setInt32 },
  { code: 0x0d, Array: Float32Array, get: DataView.prototype.getFloat32, set: DataView.prototype.setFloat32 },
  { code: 0x0e, Array: Float64Array, get: DataView.prototype.getFloat64, set: DataView.prototype.setFloat64 },
] as const;

export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** The content of an IDX file, MNIST's format, by Yann LeCun. Numbers in the file are big-endian. */
export interface Idx {
  readonly shape: Shape;
  readonly data: IdxData;
}

/** Gray images, one after the other, and their labels. */
export interface LabelledImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** count × height × width bytes. */
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/**
 * Reads an IDX file, compressed with gzip or not. Uncompressed bytes are not copied.
 *
 * @throws MokaError MOKA_DATA if it is not an IDX file, or its length is not what its header says
 */
export async function readIdx(bytes: Uint8Array, file = "IDX file"): Promise<Idx> {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const content = isGzip ? await gunzipIdx(bytes, file) : bytes;
  const header = readHeader(content, file);
  const { type, shape, start } = header;
  check(
    content.length === sizeOf(header),
    "MOKA_DATA",
    `${file}: ${content.length} bytes, where its header says ${formatShape(shape)} values in ${sizeOf(header)} bytes`,
  );
  if (type.Array === Uint8Array) return { shape, data: content.subarray(start) };
  const view = new DataView(content.buffer, content.byteOffset + start);
  const data = new type.Array(countOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = type.get.call(view, i * data.BYTES_PER_ELEMENT);
  return { shape, data };
}

/** Reads a pair of MNIST's files: `…-images-idx3-ubyte` and `…-labels-idx1-ubyte`. */
export async function readIdxImages(
  images: { readonly bytes: Uint8Array; readonly file: string },
  labels: { readonly bytes: Uint8Array; readonly file: string },
): Promise<LabelledImages> {
  const pixels = await readIdx(images.bytes, images.file);
  const classes = await readIdx(labels.bytes, labels.file);
  const [count = 0, height = 0, width = 0] = pixels.shape;
  if (pixels.shape.length !== 3 || !(pixels.data instanceof Uint8Array)) {
    throw new MokaError("MOKA_DATA", `${images.file}: bytes of shape ${formatShape(pixels.shape)}, no gray images`);
  }
  if (classes.shape.length !== 1 || !(classes.data instanceof Uint8Array)) {
    throw new MokaError("MOKA_DATA", `${labels.file}: bytes of shape ${formatShape(classes.shape)}, no labels`);
  }
  check(
    classes.data.length === count,
    "MOKA_DATA",
    `${images.file} has ${count} images, ${labels.file} ${classes.data.length} labels`,
  );
  return { count, height, width, pixels: pixels.data, labels: classes.data };
}

/** The bytes of an IDX file, not compressed. */
export function writeIdx({ shape, data }: Idx): Uint8Array {
  const type = types.find((candidate) => data instanceof candidate.Array);
  check(type, "MOKA_USAGE", "IDX has no such element type");
  check(shape.length <= 255, "MOKA_USAGE", `${shape.length} axes, where IDX allows 255`);
  check(data.length === countOf(shape), "MOKA_USAGE", `${data.length} values do not fill ${formatShape(shape)}`);
  const start = 4 + 4 * shape.length;
  const bytes = new Uint8Array(start + data.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type.code * 256 + shape.length);
  shape.forEach((size, axis) => {
    view.setUint32(4 + 4 * axis, size);
  });
  if (data instanceof Uint8Array) bytes.set(data, start);
  else for (const [i, value] of data.entries()) type.set.call(view, start + i * data.BYTES_PER_ELEMENT, value);
  return bytes;
}

/** The size in bytes of a header with the greatest number of axes, 255. */
const maxHeaderBytes = 4 + 4 * 255;

interface Header {
  readonly type: (typeof types)[number];
  readonly shape: readonly number[];
  /** Byte offset of the data. */
  readonly start: number;
}

function readHeader(bytes: Uint8Array, file: string): Header {
  const [first, second, code = 0, axes = 0] = bytes;
  const type = types.find((candidate) => candidate.code === code);
  const start = 4 + 4 * axes;
  if (first !== 0 || second !== 0 || !type || bytes.length < start) {
    throw new MokaError("MOKA_DATA", `${file}: no IDX file: ${formatStart(bytes)}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { type, shape: Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis)), start };
}

/** The size of the whole file in bytes. */
function sizeOf({ type, shape, start }: Header): number {
  return start + countOf(shape) * type.Array.BYTES_PER_ELEMENT;
}

/** Decompresses an IDX file. It stops as soon as the result is longer than the header says. */
async function gunzipIdx(bytes: Uint8Array, file: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let limit = Number.POSITIVE_INFINITY;
  try {
    for await (const chunk of gunzip(bytes)) {
      chunks.push(chunk);
      length += chunk.length;
      if (limit === Number.POSITIVE_INFINITY && length >= maxHeaderBytes) {
        const header = readHeader(concat(chunks), file);
        limit = sizeOf(header);
        check(
          limit <= bytes.length * maxDeflateRatio,
          "MOKA_DATA",
          `${file}: damaged: ${formatShape(header.shape)} values, which no file of ${bytes.length} bytes can hold`,
        );
      }
      if (length > limit) break;
    }
  } catch (error) {
    if (error instanceof MokaError) throw error;
    throw new MokaError("MOKA_DATA", `${file}: damaged gzip file: ${reasonOf(error)}`, { cause: error });
  }
  return concat(chunks);
}

/** The chunks of decompressed bytes. Not all browsers can iterate over a stream. */
async function* gunzip(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const reader = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    await reader.cancel();
  }
}
