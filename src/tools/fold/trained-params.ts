import { blobShape, blobValues } from "../../proto/binary/index.js";
import type { BlobProto, LayerParameter, NetParameter } from "../../proto/gen/caffe_pb.js";

/**
 * The parameters of a net's layers as its weights have them: by layer name, and where `param { name }` shares one, what
 * the last layer in the weights says of it, as when Caffe copies them. Layers the weights do not have keep the blobs
 * of their own messages.
 */
export class TrainedParams {
  readonly #own = new Map<LayerParameter, (BlobProto | undefined)[]>();
  readonly #named = new Map<string, BlobProto>();

  constructor(layers: readonly LayerParameter[], weights: NetParameter) {
    for (const layer of layers) {
      this.#own.set(layer, [...layer.blobs]);
      layer.blobs.forEach((blob, index) => {
        const name = nameOf(layer, index);
        if (name && !this.#named.has(name)) this.#named.set(name, blob);
      });
    }
    for (const { name, blobs } of weights.layer) {
      const layer = layers.find((candidate) => candidate.name === name);
      if (!layer) continue;
      if (blobs.length > 0) this.#own.set(layer, [...blobs]);
      blobs.forEach((blob, index) => {
        const shared = nameOf(layer, index);
        if (shared && !isEmpty(blob)) this.#named.set(shared, blob);
      });
    }
  }

  /** A layer's blobs. One that shares its values has those of the net, even if it has none itself. */
  of(layer: LayerParameter): readonly (BlobProto | undefined)[] {
    const own = this.#own.get(layer) ?? [];
    const named = layer.param.map(({ name }) => (name ? this.#named.get(name) : undefined));
    const last = named.findLastIndex((blob) => blob !== undefined);
    return Array.from({ length: Math.max(own.length, last + 1) }, (_, index) => named[index] ?? own[index]);
  }
}

/** The name under which layers share a parameter; nothing for most. */
export function nameOf(layer: LayerParameter, index: number): string | undefined {
  return layer.param[index]?.name || undefined;
}

/** Whether a blob is but a placeholder, as for parameters that an HDF5 file has with another layer. */
function isEmpty(blob: BlobProto): boolean {
  return blobShape(blob).length === 0 && blobValues(blob).data.length === 0;
}
