import { Yolov3DetectionOutputLayer } from "../../layers/detection/yolov3-detection-output.js";
import { mapping } from "./mapping.js";
import { byPlace, centres, setYoloRows } from "./yolo-rows.js";

/**
 * Yolov3DetectionOutput → the boxes decoded, `NonMaxSuppression` over all of them, and the rows gathered: the same rows as the fork's in the
 * same order, and where nothing is found a row of −1 for each image. Exact but for the last bits of `Exp` and `Sigmoid`: two scores or an
 * overlap and its threshold that are equal up to these may part ways. The order is that of ONNX Runtime's operator.
 *
 * Refused: `nms_threshold` 0 or less; anchors without an area; `gaussian_box` with a threshold of confidence below 0.
 */
export const yolov3DetectionOutput = mapping(
  Yolov3DetectionOutputLayer,
  (w) => {
    const { numBox, numClasses, least, isGaussian } = w.layer.settings;
    if (isGaussian && least < 0) throw w.error("confidence_threshold is below 0, with gaussian_box");
    const [step, first] = isGaussian ? [2, 9] : [1, 5];
    const maps = w.bottom.map((bottom, t) => {
      const { sides, stride } = w.layer.anchorsOf(t);
      if (sides.flat().some((side) => !(side > 0))) throw w.error(`an anchor has no area: ${sides.join(" | ")}`);
      const [, , height = 1, width = 1] = bottom.shape;
      const x = byPlace(w, bottom, numBox);
      const part = (from: number, to: number, by = 1) => w.slice(x, [{ axis: 4, from, to, step: by }]);
      const sigmoid = (from: number, to: number, by = 1) => w.node("Sigmoid", [part(from, to, by)]);
      const centre = centres(w, sigmoid(0, 2 * step, step), height, width);
      const anchors = w.floats(sides.flat(), [numBox, 2], "anchors");
      const side = w.node("Mul", [w.node("Exp", [part(2 * step, 4 * step, step)]), anchors]);
      const size = w.node("Div", [side, w.floats([width * stride, height * stride])]);
      let objectness = sigmoid(first - 1, first);
      if (isGaussian) {
        const doubts = w.node("Mul", [sigmoid(1, 8, 2), w.floats([2, 1, 1, 1])]);
        const certain = w.node("Sub", [w.scalar(4), w.reduce("ReduceSum", doubts, [4])]);
        objectness = w.node("Div", [w.node("Mul", [objectness, certain]), w.scalar(4)]);
      }
      const scores = w.node("Mul", [sigmoid(first, first + numClasses), objectness]);
      return {
        boxes: w.reshape(w.concat([centre, size], 4), [-1, 4]),
        scores: w.reshape(scores, [-1, numClasses]),
      };
    });
    setYoloRows(w, maps, numClasses, least);
  },
  { liveAxes: [2] },
);
