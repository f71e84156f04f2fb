import { parse } from "npyjs";
import { createFiles } from "#platform";
import type { NdArray } from "../tools/image-array.js";
import { MokaError, reasonOf } from "../util/errors.js";

/** Reads the arrays of a `.npz` by name: a ZIP of `.npy` files, stored (`numpy.savez`) or deflated (`savez_compressed`). */
export async function readNpz(path: string): Promise<Record<string, NdArray>> {
  const bytes = await createFiles().read(path);
  try {
    const arrays: Record<string, NdArray> = {};
    for (const entry of entriesOf(bytes)) {
      const { shape, data, fortranOrder } = parse((await contentOf(bytes, entry)).slice().buffer);
      if (fortranOrder) throw new Error(`${entry.name} is in Fortran's order; save it with numpy.ascontiguousarray`);
      arrays[entry.name.replace(/\.npy$/, "")] = { shape, data: Float32Array.from(data as Float64Array, Number) };
    }
    return arrays;
  } catch (error) {
    throw new MokaError("MOKA_DATA", `${path}: ${reasonOf(error)}`, { cause: error });
  }
}

interface Entry {
  readonly name: string;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  /** Bytes in the file, after compression. */
  readonly size: number;
  readonly offset: number;
}

const signatures = { end: 0x06054b50, central: 0x02014b50, local: 0x04034b50 } as const;
const endSize = 22;
const mostComment = 0xffff;

/** The entries of the directory at the end of a ZIP. */
function entriesOf(bytes: Uint8Array): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let end = bytes.length - endSize;
  const first = Math.max(0, end - mostComment);
  while (end >= first && view.getUint32(end, true) !== signatures.end) end--;
  if (end < first) throw new Error("is no .npz: it has no directory of a ZIP");
  const entries: Entry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let i = view.getUint16(end + 10, true); i > 0; i--) {
    if (view.getUint32(at, true) !== signatures.central) throw new Error(`damaged at byte ${at}`);
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
      number,
      number,
      number,
    ];
    const size = view.getUint32(at + 20, true);
    const offset = view.getUint32(at + 42, true);
    if (size === 0xffffffff || offset === 0xffffffff) throw new Error("has 4 GiB or more; give its arrays as .npy");
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    entries.push({ name, method: view.getUint16(at + 10, true), size, offset });
    at += 46 + nameLength + extra + comment;
  }
  return entries;
}

async function contentOf(bytes: Uint8Array, { name, method, size, offset }: Entry): Promise<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(offset, true) !== signatures.local) throw new Error(`damaged at byte ${offset}`);
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  const content = bytes.slice(start, start + size);
  if (method === 0) return content;
  if (method !== 8) throw new Error(`${name} is compressed by a method that NumPy does not use (${method})`);
  const stream = new Blob([content]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
