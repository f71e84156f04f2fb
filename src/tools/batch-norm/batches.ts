import { create } from "@bufbuild/protobuf";
import { filterLayers } from "../../core/filter-net.js";
import { isDataLayer } from "../../core/layer-roles.js";
import { Net, type NetContext } from "../../core/net.js";
import type { FloatArray } from "../../core/span.js";
import { type LayerParameter, type NetParameter, NetParameterSchema, type NetState } from "../../proto/gen/caffe_pb.js";
import { check } from "../../util/errors.js";
import { silent } from "../../util/log.js";
import type { NdArray } from "../../util/nd-array.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";

/** The shape and values of each blob by name. They are valid until the next batch is fetched. */
export type Batch = ReadonlyMap<string, { readonly shape: Shape; readonly data: FloatArray }>;

/** An endless sequence of batches: after the last one the first follows again. */
export interface BatchSource {
  /** The shapes of its blobs in the first batch. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** The number of batches before the first one repeats; `undefined` if it is not known. */
  readonly length: number | undefined;
  next(): Promise<Batch>;
  close(): Promise<void>;
}

/** The data layers of a net in one state, without Input layers, which have no data of their own. */
export function ownDataLayers(message: NetParameter, state: NetState): LayerParameter[] {
  return filterLayers(message, state, silent).filter((layer) => isDataLayer(layer) && layer.type !== "Input");
}

/** The batches of data layers. These layers run as a separate net. */
export async function batchesOfLayers(
  layers: readonly LayerParameter[],
  state: NetState,
  context: NetContext,
): Promise<BatchSource> {
  const net = await Net.build(create(NetParameterSchema, { name: "data", layer: [...layers] }), state, {
    ...context,
    ownsEngine: false,
    backward: false,
    keep: "all",
  });
  return {
    shapes: new Map([...net.blobs].map(([name, { shape }]) => [name, shape])),
    length: undefined,
    async next() {
      await net.runForward();
      return net.blobs;
    },
    close: () => net.dispose(),
  };
}

/**
 * Batches of `size` rows of arrays. All arrays have the same number of rows; the first axis counts them. A batch that
 * reaches the last row continues with the first one, as in a data layer.
 *
 * @throws MokaError `MOKA_SHAPE` if the arrays have different numbers of rows, or none
 */
export function batchesOfArrays(arrays: Readonly<Record<string, NdArray>>, size: number): BatchSource {
  const entries = Object.entries(arrays).map(([name, array]) => ({ name, ...array, width: countOf(array.shape, 1) }));
  const rows = entries[0]?.shape[0] ?? 0;
  for (const { name, shape, data } of entries) {
    check(
      shape.length > 0 && shape[0] === rows && rows > 0 && countOf(shape) === data.length,
      "MOKA_SHAPE",
      `array "${name}" has shape ${formatShape(shape)} and ${data.length} values; all must have as many rows as "${entries[0]?.name}", ${rows}`,
    );
  }
  const taken = Math.min(size, rows);
  const batch = new Map(
    entries.map(({ name, shape, width }) => [
      name,
      { shape: [taken, ...shape.slice(1)], data: new Float32Array(taken * width) },
    ]),
  );
  let row = 0;
  return {
    shapes: new Map([...batch].map(([name, { shape }]) => [name, shape])),
    length: Math.floor(rows / taken),
    async next() {
      for (let i = 0; i < taken; i++) {
        for (const { name, data, width } of entries) {
          batch.get(name)?.data.set(data.subarray(row * width, (row + 1) * width), i * width);
        }
        row = (row + 1) % rows;
      }
      return batch;
    },
    close: async () => {},
  };
}
