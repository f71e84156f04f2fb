import type { Net } from "../core/net.js";
import type { Tensor } from "../core/tensor.js";
import { LayerParameterSchema } from "../proto/gen/caffe_pb.js";
import { formatText } from "../proto/text/index.js";
import { hex, sha256 } from "../util/sha256.js";

/** Hashes of the parts of a run: SHA-256, in hexadecimal. */
export interface Fingerprint {
  /** The hash of the layers' messages of all nets. */
  readonly nets: string;
  /** The hash of all parameters of the training net. */
  readonly weights: string;
  /** The hash of the solver's history. */
  readonly history: string;
}

/** Number of values that are copied and hashed at a time. */
const valuesPerPiece = 1 << 22;

/**
 * @param nets the training net, then the test nets
 * @throws MokaError `MOKA_UNSUPPORTED` without WebCrypto, that is, in a page that was loaded over http
 */
export async function fingerprint(nets: readonly Net[], history: readonly Tensor[]): Promise<Fingerprint> {
  const layers = nets.flatMap((net) => net.layers.map(({ message }) => formatText(LayerParameterSchema, message)));
  return {
    nets: hex(await sha256(new TextEncoder().encode(layers.join("\n")))),
    weights: await hashTensors(nets[0]?.layers.flatMap(({ params }) => params) ?? []),
    history: await hashTensors(history),
  };
}

/** The hash of the hashes of all pieces: so only one piece is copied at a time. */
async function hashTensors(tensors: readonly Tensor[]): Promise<string> {
  const hashes: Uint8Array[] = [];
  for (const { data, count } of tensors) {
    for (let start = 0; start < count; start += valuesPerPiece) {
      const piece = data.array.slice(start, start + valuesPerPiece);
      hashes.push(await sha256(new Uint8Array(piece.buffer)));
    }
  }
  const joined = new Uint8Array(32 * hashes.length);
  hashes.forEach((hash, i) => void joined.set(hash, 32 * i));
  return hex(await sha256(joined));
}
