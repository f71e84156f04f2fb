/** A reader of the safetensors format, for golden data: only float32 tensors and string metadata. */

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [from: number, to: number];
}

/** The file has 8 bytes with the header's length in bytes, the header in JSON, and the values; all little-endian. */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const tensors = Object.entries<Entry>(entries).map(([name, entry]): [string, GoldenTensor] => {
    const { dtype, shape, data_offsets: offsets } = entry;
    const count = shape.reduce((product, size) => product * size, 1);
    const [from, to] = offsets.map((offset) => start + offset) as [number, number];
    if (dtype !== "F32" || to - from !== 4 * count || to > bytes.length) {
      throw new Error(`tensor "${name}": ${dtype} ${shape.join(" ")} at ${offsets.join(" to ")}`);
    }
    // The values are copied, because they may be unaligned; slice() of a Buffer would be a view.
    return [name, { shape, data: new Float32Array(Uint8Array.from(bytes.subarray(from, to)).buffer) }];
  });
  return { metadata, tensors: new Map(tensors) };
}
