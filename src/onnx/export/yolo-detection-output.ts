import { YoloDetectionOutputLayer } from "../../layers/detection/yolo-detection-output.js";
import { justBelow } from "./detections.js";
import { mapping } from "./mapping.js";
import { byPlace, centres, setYoloRows } from "./yolo-rows.js";

/**
 * YoloDetectionOutput → the boxes decoded, each with its most probable class, `NonMaxSuppression` over all of them, and the rows gathered: the
 * same rows as the fork's in the same order, and where nothing is found a row of −1 for each image. Exact but for the last bits of `Exp`,
 * `Sigmoid` and `Softmax`, as Yolov3DetectionOutput.
 *
 * Refused: `nms_threshold` 0 or less; anchors without an area.
 */
export const yoloDetectionOutput = mapping(
  YoloDetectionOutputLayer,
  (w) => {
    const { numBox, numClasses, least, anchors } = w.layer.settings;
    const sides = anchors.slice(0, 2 * numBox);
    if (sides.some((side) => !(side > 0))) throw w.error(`an anchor has no area: ${sides.join(", ")}`);
    const maps = w.bottom.map((bottom) => {
      const [, , height = 1, width = 1] = bottom.shape;
      const [place = "", size = "", object = "", classes = ""] = w.split(byPlace(w, bottom, numBox), 4, [
        2,
        2,
        1,
        numClasses,
      ]);
      const centre = centres(w, w.node("Sigmoid", [place]), height, width);
      const side = w.node("Mul", [w.node("Exp", [size]), w.floats(sides, [numBox, 2], "anchors")]);
      const probability = w.reduce("ReduceMax", w.softmax(classes, 4, 5), [4]);
      const label = w.node("ArgMax", [classes], { axis: 4, keepdims: 1 });
      return {
        boxes: w.reshape(w.concat([centre, w.node("Div", [side, w.scalar(width)])], 4), [-1, 4]),
        scores: w.reshape(w.node("Mul", [w.node("Sigmoid", [object]), probability]), [-1, 1]),
        labels: w.reshape(w.affine(w.cast(label, "float"), 1, 1), [-1, 1]),
      };
    });
    // A score that equals the threshold counts.
    setYoloRows(w, maps, 1, justBelow(least));
  },
  { liveAxes: [2] },
);
