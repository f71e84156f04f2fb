// The true boxes that YOLO's losses learn from.
import type { Layer } from "../../core/layer.js";
import type { FloatArray } from "../../core/span.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import type { Box } from "./yolo-boxes.js";

/** A true box, in units of the image, and its class. */
export interface Truth {
  readonly box: Box;
  readonly label: number;
}

/** How labels are written: rows of 5 for each image, or rows of 8 for the batch, as SSD's. */
export type TruthForm = "image" | "batch";

/** The form of the labels: (…, 8), with 1 for all axes before the rows, is SSD's. Checks their shape. */
export function truthForm(layer: Layer, labels: Shape, images: number): TruthForm {
  if (labels.at(-1) === 8 && countOf(labels, 0, labels.length - 2) === 1 && labels.length > 2) return "batch";
  layer.check(
    labels[0] === images && countOf(labels, 1) % 5 === 0,
    "MOKA_SHAPE",
    `labels must be (N, 1, T, 5) for ${images} images, or (1, 1, G, 8) for all together; they are ${formatShape(labels)}`,
  );
  return "image";
}

/**
 * The boxes of each image. Of rows of 5 (class, x, y, w, h), the first without x or w ends the list of its image. Rows of 8 are (image,
 * class + 1, instance, xmin, ymin, xmax, ymax, difficult); those of image −1 are not used.
 */
export function truthsOf(
  layer: Layer,
  values: FloatArray,
  form: TruthForm,
  images: number,
  classes: number,
): readonly (readonly Truth[])[] {
  const truths = Array.from({ length: images }, (): Truth[] => []);
  const add = (image: number, label: number, box: Box, at: string) => {
    const [x = 0, y = 0, w = 0, h = 0] = Array.from(box);
    layer.check(
      x >= 0 && x <= 1 && y >= 0 && y <= 1 && w > 0 && h > 0 && w < Infinity && h < Infinity,
      "MOKA_DATA",
      `a true box must have its centre in the image, 0 to 1, and a size above 0; ${at} has centre (${x}, ${y}), size ${w} by ${h}`,
    );
    layer.check(
      label >= 0 && label < classes,
      "MOKA_LABEL",
      `the label of a true box must be one of ${classes} classes, 0 to ${classes - 1}; ${at} has ${label}`,
    );
    truths[image]?.push({ box, label });
  };
  if (form === "image") {
    const each = values.length / Math.max(images, 1);
    for (let image = 0; image < images; image++) {
      for (let row = 0; row < each; row += 5) {
        const [label = 0, x, y = 0, w, h = 0] = values.subarray(image * each + row, image * each + row + 5);
        if (!x || !w) break;
        add(image, Math.trunc(label), Float32Array.of(x, y, w, h), `row ${row / 5} of image ${image}`);
      }
    }
    return truths;
  }
  for (let row = 0; row < values.length; row += 8) {
    const [item = 0, label = 0, , left = 0, top = 0, right = 0, bottom = 0] = values.subarray(row, row + 7);
    const image = Math.trunc(item);
    if (image === -1) continue;
    layer.check(
      image >= 0 && image < images,
      "MOKA_DATA",
      `row ${row / 8} of the labels is of image ${item}; the batch has ${images}`,
    );
    const box = Float32Array.of((left + right) / 2, (top + bottom) / 2, right - left, bottom - top);
    add(image, Math.trunc(label - 1), box, `row ${row / 8}`);
  }
  return truths;
}

/** The row or column of cells that a coordinate lies in; the last one for the image's edge. */
export function cellOf(coordinate: number, cells: number): number {
  return Math.min(Math.trunc(Math.fround(coordinate * cells)), cells - 1);
}
