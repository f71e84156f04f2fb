import type { NetParameter } from "../proto/gen/caffe_pb.js";
import { nameOfWeights, type WeightSource, type Weights, weightSources } from "../proto/weight-sources.js";
import { inPieces } from "../util/event-loop.js";
import { type Files, isPath, pathOf } from "../util/files.js";
import type { Log } from "../util/log.js";
import type { Layer } from "./layer.js";
import { copyTrainedLayers } from "./weights.js";
import { formatGap, weightsGap } from "./weights-gap.js";

/** Reads and writes weight files, whatever their format. */
export interface WeightFiles {
  read(source: WeightSource): Promise<NetParameter>;
  write(path: string, net: NetParameter): Promise<void>;
}

interface LoadContext {
  readonly files: Files;
  readonly weightFiles: WeightFiles;
  readonly log: Log;
}

/** Reads weights into layers, and logs which layers they leave out; see `Net.copyTrainedLayersFrom`. */
export async function loadWeights(
  layers: readonly Layer[],
  weights: Weights,
  { files, weightFiles, log }: LoadContext,
  namedBy: string | undefined,
  mayMiss: boolean,
): Promise<void> {
  const read: NetParameter[] = [];
  for (const each of weightSources(weights)) {
    const source = isPath(each) ? await files.resolve(pathOf(each), namedBy) : each;
    const message = await weightFiles.read(source);
    await inPieces(copyTrainedLayers(layers, message, nameOfWeights(source), log));
    read.push(message);
  }
  const gap = formatGap(weightsGap(layers, read), nameOfWeights(weights));
  if (gap !== undefined) log(mayMiss ? "info" : "warning", "moka:0", gap);
}
