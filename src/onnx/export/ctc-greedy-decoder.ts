import { CTCGreedyDecoderLayer } from "../../layers/common/ctc-greedy-decoder.js";
import { mapping } from "./mapping.js";

/**
 * CTCGreedyDecoder → `ArgMax` of each frame; what is no blank, and no repetition, comes first by `TopK` of keys that fall with time. Exact.
 * With labels it gives only a measure of its errors, and is left out.
 */
export const ctcGreedyDecoder = mapping(CTCGreedyDecoderLayer, (w) => {
  if (w.bottom.length > 1) return w.drop("it measures how well labels are found");
  const { dims } = w.input(0);
  const [, sequences = 1] = dims;
  const [frames = 0] = w.fixed(dims.slice(0, 1), "the number of frames");
  const { blank, mergesRepeated } = w.layer.reading(w.input(0).shape);
  const classes = w.node("ArgMax", [w.x], { axis: 2, keepdims: 0 });
  const flat = w.reshaped(classes, [...dims.slice(0, 2), ...dims.slice(3)], [frames, sequences]);
  const best = w.cast(w.transpose(flat, [1, 0]), "float");
  const differs = (from: string, other: string) => w.node("Not", [w.node("Equal", [from, other])]);
  let isKept = differs(best, w.scalar(blank));
  if (mergesRepeated) {
    const before = w.slice(w.pad(best, [0, 1], [0, 0], -1), [{ axis: 1, from: 0, to: frames }]);
    isKept = w.node("And", [isKept, differs(best, before)]);
  }
  const times = Array.from({ length: frames }, (_, t) => t);
  const [first, behind] = [times.map((t) => frames - t), times.map((t) => -1 - t)];
  const key = w.node("Where", [isKept, w.floats(first), w.floats(behind)]);
  const [, order = ""] = w.nodes("TopK", [key, w.ints([frames])], 2, { axis: 1 });
  const read = w.node("Where", [isKept, best, w.scalar(-1)]);
  w.setReshaped(0, w.node("GatherElements", [read, order], { axis: 1 }), [sequences, frames]);
});
