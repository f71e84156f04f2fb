import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import type { Shape } from "../../util/shape.js";
import { interval, iouOf } from "./yolo-boxes.js";

const { fround } = Math;
/** A detection: image, label, score, xmin, ymin, xmax, ymax. */
const row = 7;

/** The boxes that a layer of detections has found, before suppression. */
export class Candidates {
  count = 0;
  /** Centre and size of each box, then its score. */
  values = new Float32Array(5 * 64);
  classes = new Int32Array(64);

  push(x: number, y: number, w: number, h: number, score: number, classIndex: number): void {
    if (this.count === this.classes.length) {
      const [values, classes] = [this.values, this.classes];
      this.values = new Float32Array(2 * values.length);
      this.values.set(values);
      this.classes = new Int32Array(2 * classes.length);
      this.classes.set(classes);
    }
    const at = 5 * this.count;
    this.values[at] = x;
    this.values[at + 1] = y;
    this.values[at + 2] = w;
    this.values[at + 3] = h;
    this.values[at + 4] = score;
    this.classes[this.count++] = classIndex;
  }
}

/** What the message of such a layer says, with its defaults. */
export interface YoloSettings {
  /** The boxes of each place, and the classes of a box. */
  readonly numBox: number;
  readonly numClasses: number;
  /** The score from which a box counts. */
  readonly least: number;
  /** The overlap from which a box is suppressed. */
  readonly overlap: number;
}

/**
 * What the layers of detections of eric612's YOLO share: the best box first, each later box whose overlap with one that was kept
 * is `threshold` or more is left out, whatever its class and its image. The tops' number of rows depends on the values.
 */
export abstract class YoloOutputLayer extends Layer {
  override readonly topCount = 1;
  override readonly spareTops = "all";
  /** The rows of the current batch. */
  #rows: Float32Array = new Float32Array(0);

  /** Adds the boxes above the threshold of confidence, in the fork's order. */
  protected abstract collect(bottom: readonly Tensor[], found: Candidates): void;
  abstract readonly settings: YoloSettings;

  override topShapes(_bottom: readonly Shape[]): readonly Shape[] {
    return [[1, 1, 1, row]];
  }

  override allowForceBackward(): boolean {
    return false;
  }

  override takesIndices(): boolean {
    return false;
  }

  override liveShapes(bottom: readonly Tensor[]): readonly Shape[] {
    const found = new Candidates();
    this.collect(bottom, found);
    const kept = suppress(found, this.settings.overlap);
    this.#rows = kept.length > 0 ? rowsOf(found, kept) : nothing(bottom[0]?.shape[0] ?? 0);
    return [[1, 1, this.#rows.length / row, row]];
  }

  override forward(k: Recorder, bottom: readonly Tensor[], [top]: [Tensor]): void {
    const run = () => void top.data.array.set(this.#rows);
    k.host("detections", run, { reads: bottom.map(({ data }) => data), writes: [top.data] });
  }
}

/** The indices of the boxes that are kept, the highest score first; of equal scores, the one found first. */
export function suppress({ count, values }: Candidates, threshold: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  order.sort((a, b) => (values[5 * b + 4] ?? 0) - (values[5 * a + 4] ?? 0) || a - b);
  const kept: number[] = [];
  const boxes = order.map((i) => values.subarray(5 * i, 5 * i + 4));
  const alive = new Uint8Array(count).fill(1);
  for (const [i, a] of boxes.entries()) {
    if (!alive[i]) continue;
    kept.push(order[i] ?? 0);
    for (let j = i + 1; j < count; j++) {
      if (alive[j] && iouOf(a, boxes[j] ?? a) >= threshold) alive[j] = 0;
    }
  }
  return kept;
}

/** The fork writes all detections of a batch as those of its image 0. */
function rowsOf({ values, classes }: Candidates, kept: readonly number[]): Float32Array {
  const rows = new Float32Array(row * kept.length);
  for (const [i, at] of kept.entries()) {
    const [x = 0, y = 0, w = 0, h = 0, score = 0] = values.subarray(5 * at, 5 * at + 5);
    const [left, right] = interval(x, w);
    const [top, bottom] = interval(y, h);
    rows.set([0, (classes[at] ?? 0) + 1, score, left, top, right, bottom], row * i);
  }
  return rows;
}

/** A row for each image, −1 but for the number of the image. */
function nothing(images: number): Float32Array {
  const rows = new Float32Array(row * images).fill(-1);
  for (let i = 0; i < images; i++) rows[row * i] = i;
  return rows;
}

/** The sizes of a map of predictions (N, C, H, W), which must have `channels` channels, as said by `parts`. */
export function checkMap(layer: Layer, map: Shape, channels: number, parts: string): void {
  layer.check(
    map.length === 4 && map[1] === channels,
    "MOKA_SHAPE",
    `a map of predictions must be (N, ${channels}, H, W), for ${parts}; it is (${map.join(", ")})`,
  );
}

/** 1/(1 + e^−x), rounded to single precision. */
export function sigmoid(x: number): number {
  return fround(1 / (1 + Math.exp(-x)));
}
