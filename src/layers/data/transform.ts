import { oneRank } from "../../core/communicator.js";
import type { LayerContext } from "../../core/layer.js";
import { Transformer } from "../../data/transformer.js";
import { readBlobProto } from "../../proto/binary/index.js";
import type { BlobProto, LayerParameter } from "../../proto/gen/caffe_pb.js";
import { sourceOf } from "../../proto/source.js";
import { Random } from "../../util/random.js";

/** The blob of a layer's `transform_param.mean_file`, if it names one. */
export async function loadMean(
  message: LayerParameter,
  { files, log }: LayerContext,
  origin = "data_transformer.cpp:25",
): Promise<BlobProto | undefined> {
  const meanFile = message.transformParam?.meanFile;
  if (!meanFile) return undefined;
  log("info", origin, `Loading mean file from: ${meanFile}`);
  const path = await files.resolve(meanFile, sourceOf(message)?.file);
  return readBlobProto(await files.read(path), path);
}

/**
 * A layer's transformer. If it crops or mirrors at random, it gets its own generator. Its seed is a draw of the run's, which is
 * the same on all ranks, plus the number of the rank: so each rank draws its own numbers.
 */
export function newTransformer(
  { transformParam }: LayerParameter,
  { phase, random, ranks = oneRank }: LayerContext,
  mean: BlobProto | undefined,
): Transformer {
  const isRandom = Transformer.needsRandom(transformParam, phase);
  const own = isRandom ? new Random(random.next() + ranks.communicator.rank) : random;
  return new Transformer(transformParam, phase, own, mean);
}
