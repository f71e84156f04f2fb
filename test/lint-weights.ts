// Trained weights for the examples of lint rules.
import { create } from "@bufbuild/protobuf";
import { blobShape, blobValues, makeBlob } from "../src/proto/binary/blob.js";
import { type NetParameter, NetParameterSchema } from "../src/proto/gen/caffe_pb.js";

/** The values of a blob with one axis, or values and a shape. */
export type BlobOf = readonly number[] | { readonly shape: readonly number[]; readonly data: readonly number[] };

/** A caffemodel with these layers and blobs. */
export function weightsOf(layers: Readonly<Record<string, readonly BlobOf[]>>): NetParameter {
  const layer = Object.entries(layers).map(([name, blobs]) => ({ name, blobs: blobs.map(blobOf) }));
  return create(NetParameterSchema, { layer });
}

/** The blobs of a caffemodel by layer, each as its shape and values. */
export function contentOf({ layer }: NetParameter) {
  return Object.fromEntries(
    layer.map(({ name, blobs }) => [name, blobs.map((blob) => [blobShape(blob), [...blobValues(blob).data]])]),
  );
}

function blobOf(blob: BlobOf) {
  const { shape, data } = "shape" in blob ? blob : { shape: [blob.length], data: blob };
  return makeBlob(shape, { data: Float32Array.from(data) });
}
