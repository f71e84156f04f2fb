import { blobShape, blobValues } from "../proto/binary/blob.js";
import type { NetParameter } from "../proto/gen/caffe_pb.js";
import type { Shape } from "../util/shape.js";

/** One blob of a caffemodel. */
export interface WeightBlob {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** The blobs of a caffemodel, by layer. */
export class Blobs {
  readonly #layers: ReadonlyMap<string, NetParameter["layer"][number]>;

  /** All of the caffemodel. */
  readonly message: NetParameter;

  constructor(net: NetParameter) {
    this.message = net;
    this.#layers = new Map(net.layer.toReversed().map((layer) => [layer.name, layer]));
  }

  /** The blobs of the first layer with this name; empty if there is no such layer, or it has none. */
  of(layer: { readonly name: string }): readonly WeightBlob[] {
    const found = this.#layers.get(layer.name);
    return (found?.blobs ?? []).map((blob) => ({ shape: blobShape(blob), data: blobValues(blob).data }));
  }
}
