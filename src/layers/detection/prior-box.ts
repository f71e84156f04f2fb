import { create, isFieldSet } from "@bufbuild/protobuf";
import { refuseBeyondSsd } from "../../core/fork-fields.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { type PriorBoxParameter, PriorBoxParameterSchema } from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { ZeroGradientLayer } from "./zero-gradient.js";

const { fround, trunc } = Math;

/**
 * The prior boxes of SSD: boxes of fixed sizes around each cell of a feature map.
 *
 * Bottoms: the feature map (N, C, H, W) and the image (N, C, H, W); only their heights and widths are read. Top (1, 2, H·W·P·4): channel 0
 * holds xmin, ymin, xmax, ymax of each box in units of the image, cell by cell, row by row; channel 1 their variances. It is computed once for
 * each pair of shapes.
 * The boxes of a cell: for each `min_size`, one of min × min, one of √(min·max) on a side if there is a `max_size`, and for each ratio other than
 * 1 one of min·√ratio × min/√ratio; P = ratios · min sizes + max sizes. Their centre is (index + `offset`) · step.
 * The ratios begin with 1. One within 1e-6 of another before it is dropped; with `flip` each that stays is followed by 1/ratio, whether or not that exists.
 * Without gradient: one that is asked for is 0.
 *
 * `prior_box_param`: `min_size` (at least one), `max_size` (none, or one for each min size and above it), `aspect_ratio` (none), `flip` (true),
 * `clip` (false: boxes may leave the image), `variance` (0.1; one value, or four of a box), `img_size` or `img_h` and `img_w` (the image's),
 * `step` or `step_h` and `step_w` (image / map), `offset` (0.5).
 * Sizes are cut to integers, as in the fork: a `min_size` of 30.9 is 30. Trained nets depend on it.
 * Fields that SSD has not, but a fork made of it (`reduce_boxes`, `faceboxes`, `box_width`, `box_height`, `tf`, `yx_order`, `keras`) are an error.
 *
 * Source: weiliu89's SSD; Liu et al. 2016, "SSD: Single Shot MultiBox Detector". Dialect: ssd.
 */
export class PriorBoxLayer extends ZeroGradientLayer {
  static readonly type = "PriorBox";
  override readonly bottomCount = 2;
  override readonly topCount = 1;
  readonly #param = this.message.priorBoxParam ?? create(PriorBoxParameterSchema);
  #ratios: readonly number[] = [];

  override setup(): void {
    const param = this.#param;
    const { minSize, maxSize, variance, imgSize, imgH, imgW, step, stepH, stepW } = param;
    const schema = PriorBoxParameterSchema.field;
    refuseBeyondSsd(this, PriorBoxParameterSchema, param, "prior_box_param");
    const isField = (holds: boolean, reason: string) => this.check(holds, "MOKA_FIELD", `prior_box_param.${reason}`);
    isField(minSize.length > 0, "min_size must be given");
    isField(
      minSize.every((size) => size > 0),
      `min_size must be above 0; there are ${minSize.join(", ")}`,
    );
    isField(
      maxSize.length === 0 || maxSize.length === minSize.length,
      `max_size: there are ${maxSize.length}, but ${minSize.length} of min_size`,
    );
    isField(
      maxSize.every((size, i) => size > (minSize[i] ?? 0)),
      `max_size must be above its min_size; there are ${maxSize.join(", ")} and ${minSize.join(", ")}`,
    );
    isField(
      param.aspectRatio.every((ratio) => ratio > 0),
      `aspect_ratio must be above 0`,
    );
    isField(
      [0, 1, 4].includes(variance.length) && variance.every((value) => value > 0),
      `variance must be one or four values above 0; there are ${variance.join(", ")}`,
    );
    const has = (field: "imgSize" | "imgH" | "imgW" | "step" | "stepH" | "stepW") => isFieldSet(param, schema[field]);
    const [sides, steps] = [has("imgH") || has("imgW"), has("stepH") || has("stepW")];
    isField(!(has("imgSize") && sides), "img_size or img_h and img_w may be given, not both");
    isField(!sides || (imgH > 0 && imgW > 0), "img_h and img_w must both be above 0");
    isField(!has("imgSize") || imgSize > 0, "img_size must be above 0");
    isField(!(has("step") && steps), "step or step_h and step_w may be given, not both");
    isField(!steps || (stepH > 0 && stepW > 0), "step_h and step_w must both be above 0");
    isField(!has("step") || step > 0, "step must be above 0");
    this.#ratios = ratiosOf(param);
  }

  override topShapes([map, image]: readonly [Shape, Shape]): readonly Shape[] {
    this.check(
      map.length === 4 && image.length === 4,
      "MOKA_SHAPE",
      `needs a feature map and an image (N, C, H, W); they are ${formatShape(map)} and ${formatShape(image)}`,
    );
    const { minSize, maxSize } = this.#param;
    const boxes = this.#ratios.length * minSize.length + maxSize.length;
    return [[1, 2, (map[2] ?? 0) * (map[3] ?? 0) * boxes * 4]];
  }

  override forward(k: Recorder, [map, image]: [Tensor, Tensor], [y]: [Tensor]): void {
    const values = this.boxes(map.shape, image.shape);
    k.host("prior boxes", () => y.data.array.set(values), { reads: [], writes: [y.data] });
  }

  /** The values of the top, for bottoms of these shapes. */
  boxes(map: Shape, image: Shape): Float32Array {
    return priorBoxes(this.#param, this.#ratios, map, image);
  }
}

function ratiosOf({ aspectRatio, flip }: PriorBoxParameter): number[] {
  const ratios = [1];
  for (const ratio of aspectRatio) {
    if (ratios.some((other) => Math.abs(fround(ratio - other)) < 1e-6)) continue;
    ratios.push(ratio);
    if (flip) ratios.push(fround(1 / ratio));
  }
  return ratios;
}

/** Width and height of each box of a cell. */
function sizesOf({ minSize, maxSize }: PriorBoxParameter, ratios: readonly number[]): [number, number][] {
  return minSize.flatMap((size, i) => {
    const min = trunc(size);
    const sizes: [number, number][] = [[min, min]];
    const max = maxSize[i];
    if (max !== undefined) {
      const side = fround(Math.sqrt(min * trunc(max)));
      sizes.push([side, side]);
    }
    for (const ratio of ratios) {
      if (Math.abs(fround(ratio - 1)) < 1e-6) continue;
      const root = Math.sqrt(ratio);
      sizes.push([fround(min * root), fround(min / root)]);
    }
    return sizes;
  });
}

function priorBoxes(param: PriorBoxParameter, ratios: readonly number[], map: Shape, image: Shape): Float32Array {
  const [, , rows = 0, columns = 0] = map;
  const height = param.imgSize || param.imgH || (image[2] ?? 0);
  const width = param.imgSize || param.imgW || (image[3] ?? 0);
  const stepH = param.step || param.stepH || fround(height / rows);
  const stepW = param.step || param.stepW || fround(width / columns);
  const sizes = sizesOf(param, ratios);
  const count = rows * columns * sizes.length * 4;
  const values = new Float32Array(2 * count);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const y = fround(fround(row + param.offset) * stepH);
    for (let column = 0; column < columns; column++) {
      const x = fround(fround(column + param.offset) * stepW);
      for (const [w, h] of sizes) {
        values[at++] = (x - w / 2) / width;
        values[at++] = (y - h / 2) / height;
        values[at++] = (x + w / 2) / width;
        values[at++] = (y + h / 2) / height;
      }
    }
  }
  if (param.clip) for (let i = 0; i < count; i++) values[i] = Math.min(Math.max(values[i] as number, 0), 1);
  const { variance } = param;
  for (let i = 0; i < count; i++) values[count + i] = variance[i % Math.max(variance.length, 1)] ?? fround(0.1);
  return values;
}
