import { isPlaceholder } from "../../core/weights.js";
import type { BlobProto, LayerParameter, NetParameter } from "../../proto/gen/caffe_pb.js";

/** The parameters of one layer; undefined for one that the weights lack. */
export type Blobs = readonly (BlobProto | undefined)[];

/**
 * The parameters of a net's layers in its weights, by layer name. Of a parameter shared by `param { name }` the last layer
 * in the weights counts, as when Caffe copies them. A layer that is not in the weights has the blobs of its own message.
 */
export class TrainedParams {
  readonly #own = new Map<LayerParameter, Blobs>();
  readonly #named = new Map<string, BlobProto>();

  constructor(layers: readonly LayerParameter[], weights: NetParameter) {
    const byName = new Map(layers.toReversed().map((layer) => [layer.name, layer]));
    for (const layer of layers) {
      this.#own.set(layer, layer.blobs);
      layer.blobs.forEach((blob, index) => {
        const name = nameOf(layer, index);
        if (name && !this.#named.has(name)) this.#named.set(name, blob);
      });
    }
    for (const { name, blobs } of weights.layer) {
      const layer = byName.get(name);
      if (!layer) continue;
      if (blobs.length > 0) this.#own.set(layer, blobs);
      blobs.forEach((blob, index) => {
        const shared = nameOf(layer, index);
        if (shared && !isPlaceholder(blob)) this.#named.set(shared, blob);
      });
    }
  }

  /** A layer's blobs, also shared ones that the weights have only for another layer. */
  of(layer: LayerParameter): Blobs {
    const own = this.#own.get(layer) ?? [];
    const named = layer.param.map(({ name }) => (name ? this.#named.get(name) : undefined));
    const last = named.findLastIndex((blob) => blob !== undefined);
    return Array.from({ length: Math.max(own.length, last + 1) }, (_, index) => named[index] ?? own[index]);
  }
}

/** The name by which layers share a parameter; undefined without one. */
export function nameOf(layer: LayerParameter, index: number): string | undefined {
  return layer.param[index]?.name || undefined;
}
