import type { NodeProto } from "../../gen/onnx_pb.js";
import { type GraphWriter, readBy, type Value } from "../graph-writer.js";

/**
 * Makes one `BatchNormalization` of each with the `Mul` and `Add` by channel behind it, which a Scale or Bias layer became: its scale and its
 * bias take them up. A value between them that something else reads, or that is an output, stays.
 *
 * @param rankOf the number of axes of a value
 */
export function mergeScale(
  graph: GraphWriter,
  rankOf: (value: Value) => number | undefined,
  isOutput: (value: Value) => boolean,
): void {
  for (const norm of graph.nodes.filter(({ opType }) => opType === "BatchNormalization")) {
    let [scale, shift] = [norm.input[1], norm.input[2]].map((value) => numbers(graph, value));
    const rank = rankOf(norm.output[0] ?? "");
    let isChanged = false;
    for (;;) {
      const [y = ""] = norm.output;
      const next = isOutput(y) ? undefined : onlyReader(graph, y);
      const values = next && byChannel(graph, next, y, rank);
      if (!next || !values || !scale || !shift) break;
      const at = (i: number) => values[i] ?? 0;
      if (next.opType === "Mul") {
        scale = scale.map((value, i) => value * at(i));
        shift = shift.map((value, i) => value * at(i));
      } else shift = shift.map((value, i) => value + at(i));
      norm.output = [...next.output];
      graph.nodes.splice(graph.nodes.indexOf(next), 1);
      isChanged = true;
    }
    if (!isChanged || !scale || !shift) continue;
    norm.input[1] = graph.floats(scale, undefined, `${norm.name}/scale`);
    norm.input[2] = graph.floats(shift, undefined, `${norm.name}/B`);
  }
}

/** The values of a constant; undefined for what is computed. */
function numbers(graph: GraphWriter, value: Value | undefined): readonly number[] | undefined {
  const constant = graph.constantOf(value ?? "");
  return constant && Array.from<number | bigint, number>(constant.data, Number);
}

function onlyReader(graph: GraphWriter, value: Value): NodeProto | undefined {
  const [reader, ...others] = graph.nodes.filter((node) => readBy(node).includes(value));
  return others.length === 0 ? reader : undefined;
}

/** The constants, one for each channel, that a node multiplies x by or adds to it. */
function byChannel(
  graph: GraphWriter,
  { opType, input }: NodeProto,
  x: Value,
  rank: number | undefined,
): readonly number[] | undefined {
  if ((opType !== "Mul" && opType !== "Add") || input[0] !== x || rank === undefined) return undefined;
  const shape = graph.constantOf(input[1] ?? "")?.shape ?? [];
  const values = numbers(graph, input[1]);
  return shape.length === rank - 1 && shape[0] === values?.length ? values : undefined;
}
