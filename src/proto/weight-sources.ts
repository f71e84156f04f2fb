import { isMessage } from "@bufbuild/protobuf";
import { addressName, type FileSource, isPath, sourceName } from "../util/files.js";
import { type NetParameter, NetParameterSchema } from "./gen/caffe_pb.js";

/** Weights in one piece: a file, `.caffemodel` or `.caffemodel.h5`, or the message that such a file holds. */
export type WeightSource = FileSource | NetParameter;

/**
 * Weights, wherever they are taken: a file or a message, or a list of them. A string may have several paths or addresses,
 * separated by commas. If several have a layer, the last one counts.
 */
export type Weights = WeightSource | readonly WeightSource[];

/** The pieces one by one. Blanks around commas are ignored. */
export function weightSources(weights: Weights): WeightSource[] {
  const list = Array.isArray(weights) ? (weights as readonly WeightSource[]) : [weights as WeightSource];
  return list.flatMap((source): WeightSource[] => (typeof source === "string" ? weightPaths(source) : [source]));
}

/** The paths in a list of weight files, `a.caffemodel, b.caffemodel`. */
export function weightPaths(list: string): string[] {
  // The comma of a `data:` address stands before its content.
  return /^\s*data:/i.test(list) ? [list.trim()] : list.split(",").map((path) => path.trim());
}

/** The weights' name for messages: their paths, or what else is known. */
export function nameOfWeights(weights: Weights): string {
  if (typeof weights === "string") return addressName(weights);
  const names = weightSources(weights).map((source) =>
    isWeightMessage(source) ? "the weights" : (sourceName(source) ?? "the weights"),
  );
  return [...new Set(names)].join(",");
}

export function isWeightMessage(source: WeightSource): source is NetParameter {
  return !isPath(source) && isMessage(source, NetParameterSchema);
}
