import type { YoloOutputLayer } from "../../layers/detection/yolo-output.js";
import { column, justBelow, orNothing, suppressed } from "./detections.js";
import type { Value } from "./graph-writer.js";
import type { Input, LayerWriter } from "./layer-writer.js";
import type { Operators } from "./operators.js";

/** What is found on a map of YOLO. */
export interface YoloMap {
  /** (R, 4): centre and size. */
  readonly boxes: Value;
  /** (R, K). */
  readonly scores: Value;
  /** (R, K): the labels of these, as floats. Undefined: 1 to K. */
  readonly labels?: Value | undefined;
}

/** The values of a map as (N, H, W, B, channels of a box). */
export function byPlace(w: LayerWriter, { value, dims, shape }: Input, boxes: number): Value {
  const [images = 1, channels = 0, height = 1, width = 1] = shape;
  const parts = [dims[0] ?? images, boxes, channels / boxes, height, width];
  return w.transpose(w.reshaped(value, dims, parts), [0, 3, 4, 1, 2]);
}

/** The centres (N, H, W, B, 2) of boxes, in units of the image, from where they lie in their places. */
export function centres(w: Operators, within: Value, height: number, width: number): Value {
  const grid = Array.from({ length: height * width }, (_, i) => [i % width, Math.floor(i / width)]).flat();
  const added = w.node("Add", [within, w.floats(grid, [1, height, width, 1, 2], "grid")]);
  return w.node("Div", [added, w.floats([width, height])]);
}

/**
 * The detections of all maps: suppression over all classes and images together, as in the fork, and its rows in its order.
 *
 * @param above the score that a box must exceed
 */
export function setYoloRows(
  w: LayerWriter<YoloOutputLayer>,
  maps: readonly YoloMap[],
  count: number,
  above: number,
): void {
  const { overlap } = w.layer.settings;
  // From a threshold of 0 on, boxes that lie apart are suppressed too.
  if (!(overlap > 0)) throw w.error(`nms_threshold ${overlap} leaves one box alone, which NonMaxSuppression does not`);
  const all = (of: (map: YoloMap) => Value) => w.concat(maps.map(of), 0);
  const boxes = all((map) => map.boxes);
  const scores = w.reshape(
    all((map) => map.scores),
    [-1],
  );
  // Each box stands once for each of its scores.
  const repeated = w.node("Expand", [w.unsqueeze(boxes, [1]), w.ints([1, count, 1])]);
  const selected = suppressed(w, {
    boxes: w.reshape(repeated, [1, -1, 4]),
    scores: w.reshape(scores, [1, 1, -1]),
    isCentred: true,
    most: 2 ** 31 - 1,
    // Caffe suppresses at the threshold, ONNX above it.
    overlap: justBelow(overlap),
    above,
  });
  const index = column(w, selected, 2);
  const own = maps.flatMap(({ labels }) => labels ?? []);
  const label =
    own.length > 0
      ? w.node("GatherND", [w.reshape(w.concat(own, 0), [-1, 1]), index])
      : w.affine(w.cast(w.node("Mod", [index, w.ints([count])]), "float"), 1, 1);
  const box = w.node("GatherND", [boxes, count === 1 ? index : w.node("Div", [index, w.ints([count])])]);
  const [centre = "", size = ""] = w.split(box, 1, [2, 2]);
  const half = w.node("Div", [size, w.scalar(2)]);
  const rows = [
    // The fork writes all detections of a batch as those of its image 0.
    w.cast(column(w, selected, 0), "float"),
    label,
    w.unsqueeze(w.node("GatherND", [scores, index]), [1]),
    w.node("Sub", [centre, half]),
    w.node("Add", [centre, half]),
  ];
  const { dims, value } = w.input(0);
  w.set(0, orNothing(w, w.concat(rows, 1), dims[0] ?? 1, value));
}
