import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { YoloSegParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { LossLayer } from "./loss.js";

/**
 * The loss of a YOLO net that also marks the pixels of each class: Σ (s·(p − t))²/N, p = 1/(1 + e⁻ˣ).
 *
 * Bottoms: x (N, C, H, W); the marks t of the same shape, 0 to 1; and m (N, C, …), the number of marked pixels of each class. Top: a scalar.
 * The weight s of a value with t > 0.5 is `object_scale`·(2 − r), where r is the number of marked pixels of the class over that of its others,
 * Σ m/Σ (H·W − m) over the batch; of the others it is `object_scale`.
 * Gradient: s·(p − t)·dloss/N for x, as the fork's: it is not the derivative, which has 2·s·p·(1 − p) as a further factor, and training depends on it.
 * Marks and m have none.
 *
 * `yolo_seg_param`: `object_scale` (5). The fork reads `num_class`, `class_scale`, `use_logic_gradient` and `use_hardsigmoid` as well, and uses none of
 * them; so it is here. Where all pixels of a class are marked r is infinite; here, as it gives no number, an error.
 *
 * Source: eric612's MobileNet-YOLO. Dialect: eric612.
 */
export class YoloSegLayer extends LossLayer {
  static readonly type = "YoloSeg";
  override readonly bottomCount = 3;
  override readonly withoutGradient = { 1: "its marks", 2: "its numbers of marked pixels" };
  readonly #scale = (this.message.yoloSegParam ?? create(YoloSegParameterSchema)).objectScale;
  /** s·(p − t), of the last forward. */
  #difference: Span | undefined;

  override topShapes([x, marks, counts]: readonly [Shape, Shape, Shape]): readonly Shape[] {
    this.check(
      x.length === 4 && countOf(marks) === countOf(x) && marks[0] === x[0] && marks[1] === x[1],
      "MOKA_SHAPE",
      `needs x (N, C, H, W), and marks of the same shape; they are ${formatShape(x)} and ${formatShape(marks)}`,
    );
    this.check(
      counts[0] === x[0] && countOf(counts) === (x[0] ?? 0) * (x[1] ?? 0),
      "MOKA_SHAPE",
      `its third bottom must have the number of marked pixels of each class of each image, (${x[0]}, ${x[1]}); it is ${formatShape(counts)}`,
    );
    return [[]];
  }

  override forward(k: Recorder, [x, marks, counts]: [Tensor, Tensor, Tensor], [loss]: [Tensor]): void {
    const difference = k.span("difference", x.count);
    this.#difference = difference;
    k.sigmoid({ x: x.data, y: difference });
    const [images = 0, classes = 0] = x.shape;
    const area = countOf(x.shape, 2);
    const scale = this.#scale;
    const run = () => {
      const [d, t, m] = [difference.array, marks.data.array, counts.data.array];
      let sum = 0;
      for (let c = 0; c < classes; c++) {
        let marked = 0;
        for (let n = 0; n < images; n++) marked += m[n * classes + c] ?? 0;
        const others = images * area - marked;
        this.check(
          others !== 0 || images * area === 0,
          "MOKA_DATA",
          `all pixels of class ${c} are marked, so that their weight is infinite`,
        );
        const weight = scale * (2 - marked / others);
        for (let n = 0; n < images; n++) {
          const start = (n * classes + c) * area;
          for (let i = start; i < start + area; i++) {
            const mark = t[i] as number;
            const value = ((d[i] as number) - mark) * (mark > 0.5 ? weight : scale);
            d[i] = value;
            sum += value * value;
          }
        }
      }
      loss.data.array[0] = sum / Math.max(images, 1);
    };
    const reads = [difference, marks.data, counts.data];
    k.host("loss of marks", run, { reads, writes: [difference, loss.data] });
  }

  override backward(k: Recorder, [loss]: [Tensor], [wanted]: readonly boolean[], [x]: readonly [Tensor]): void {
    const difference = this.#difference;
    if (!wanted || !difference) return;
    const alpha = 1 / Math.max(x.shape[0] ?? 0, 1);
    k.scaleBy({ x: difference, multiplier: loss.diff, y: x.diff, alpha });
  }
}
