import { scaleImage } from "../../data/images/scale-float.js";
import { fieldsOf, isIndex, isOrder, withSubject } from "../../data/sources/item.js";
import { sourceOf } from "../../proto/source.js";
import { MokaError } from "../../util/errors.js";
import type { Shape } from "../../util/shape.js";
import { PythonParam } from "../common/python-param.js";
import { roundHalfEven } from "../detection/anchors.js";
import { type Cfg, cfgOf } from "../detection/cfg.js";
import { type Computed, LiveLayer } from "../detection/live-layer.js";

/** An image to learn from, and the objects in it. */
export interface RoiImage {
  /** Its file. */
  readonly image: string;
  /** x1, y1, x2, y2 of each object, in pixels from 0; both ends belong to it. */
  readonly boxes: readonly (readonly number[])[];
  /** The class of each, from 1 on. Boxes of class 0 are left out. */
  readonly gt_classes: readonly number[];
}

/**
 * Images and the objects in them, one image a batch, to train Faster R-CNN and R-FCN: a `Python` layer of theirs, with
 * `python_param { module: "roi_data_layer.layer" layer: "RoIDataLayer" }`.
 *
 * No bottoms; tops: data (1, 3, H, W), blue, green, red; im_info (1, 3): H, W and the scale; gt_boxes (G, 5): x1, y1, x2, y2 in the
 * scaled image, and the class. H, W and G change from batch to batch; before the first forward they are the largest of SCALES, MAX_SIZE
 * and 1.
 *
 * PIXEL_MEANS are subtracted; the image is scaled, bilinear, so that its shorter side is one of SCALES, drawn at random, or less if its
 * longer side would be above MAX_SIZE. Images without objects are left out, as in the fork; with USE_FLIPPED each is there twice, once
 * flipped. The order is drawn again when one image is left of it, which is then not used, as in the fork.
 *
 * The images are given by `layer.setRoidb(list)`, as `set_roidb` in Python, or as a JSON file that `cfg.TRAIN.ROIDB` names, a setting of
 * Moka's: a list of `{ "image": "a.jpg", "boxes": [[x1, y1, x2, y2]], "gt_classes": [1] }`. A path is relative to the working directory,
 * else to the JSON file or the prototxt.
 *
 * `param_str`: `num_classes` (must be given; with the background). Settings of `cfg`: TRAIN.HAS_RPN (as the tops say: true if
 * there are 3 and the second is not called rois) and TRAIN.IMS_PER_BATCH (1, and no other, with HAS_RPN), TRAIN.SCALES (600), TRAIN.MAX_SIZE (1000), TRAIN.USE_FLIPPED (true), PIXEL_MEANS (102.9801, 115.9465,
 * 122.7717). TRAIN.USE_PREFETCH and TRAIN.ASPECT_GROUPING are read and ignored: with one image a batch they only change the order.
 * The run's generator draws; the draws are not numpy's. Several ranks draw the same images; give each a list of its own.
 *
 * The form without HAS_RPN, of Fast R-CNN, with regions of an earlier run (3 or 6 tops: data, rois, labels, and targets and weights),
 * has its shapes, for lint and summaries, but its forward is an error. So is a box without four numbers, or whose end lies before its
 * start, a class that is none of num_classes, and a list without any object.
 *
 * Source: Ren, He, Girshick and Sun 2015; py-faster-rcnn's lib/roi_data_layer.
 *
 * @example
 * ```ts
 * const text = `layer { name: "data" type: "Python" top: "data" top: "im_info" top: "gt_boxes"
 *   python_param { module: "roi_data_layer.layer" layer: "RoIDataLayer" param_str: "'num_classes': 21" } }`;
 * const { layers } = await Net.load(text, { phase: "TRAIN" });
 * console.log(layers[0] instanceof RoIDataLayer); // true
 * ```
 */
export class RoIDataLayer extends LiveLayer {
  static readonly type = "roi_data_layer.layer.RoIDataLayer";
  static override readonly group = "data";
  static override readonly paramField = "python_param";
  override readonly bottomCount = 0;
  override readonly topCount = [3, 6] as const;
  #hasRpn = true;
  #classes = 0;
  #images: readonly RoiImage[] = [];
  /** The file that names the images. */
  #namedBy: string | undefined;
  /** Indices of images; those from the number of images on are flipped. */
  #order: number[] = [];
  #next = 0;

  /** Reads the list that `cfg.TRAIN.ROIDB` names. */
  override async open(): Promise<void> {
    const { ROIDB: list } = this.#settings().TRAIN;
    if (list === "") return;
    const { files } = this.context;
    const path = await files.resolve(list, sourceOf(this.message)?.file);
    let images: unknown;
    try {
      images = JSON.parse(await files.readText(path));
    } catch (error) {
      if (error instanceof MokaError) throw error;
      throw this.error("MOKA_DATA", `${path} is not JSON: ${(error as Error).message}`, error);
    }
    this.#setClasses();
    this.#take(images, path);
  }

  /**
   * Gives the images to learn from, and draws their order.
   *
   * @throws MokaError `MOKA_DATA` for what is no such list
   * @example
   * ```ts
   * const text = `layer { name: "data" type: "Python" top: "data" top: "im_info" top: "gt_boxes"
   *   python_param { module: "roi_data_layer.layer" layer: "RoIDataLayer" param_str: "'num_classes': 21" } }`;
   * const net = await Net.load(text, { phase: "TRAIN" });
   * const [data] = net.layers;
   * const list = [{ image: "cat.jpg", boxes: [[20, 30, 199, 219]], gt_classes: [8] }];
   * if (data instanceof RoIDataLayer) data.setRoidb(list);
   * const { gt_boxes } = await net.forward();
   * console.log(gt_boxes.length); // 5
   * ```
   */
  setRoidb(images: readonly RoiImage[]): void {
    this.#take(images, undefined);
  }

  override setup(): void {
    this.#setClasses();
    const { TRAIN: given } = (this.context.cfg ?? {}) as { TRAIN?: Partial<Cfg["TRAIN"]> };
    const { IMS_PER_BATCH: images = 1, HAS_RPN: hasRpn } = given ?? {};
    this.#hasRpn = hasRpn ?? (this.message.top.length === 3 && this.message.top[1] !== "rois");
    if (!this.#hasRpn) return;
    this.check(
      this.message.top.length === 3,
      "MOKA_LAYER",
      "with cfg.TRAIN.HAS_RPN it has 3 tops: data, im_info, gt_boxes",
    );
    this.check(images === 1, "MOKA_USAGE", `with cfg.TRAIN.HAS_RPN cfg.TRAIN.IMS_PER_BATCH must be 1, not ${images}`);
  }

  override topShapes(): readonly Shape[] {
    const { SCALES, MAX_SIZE, IMS_PER_BATCH, AGNOSTIC } = this.#settings().TRAIN;
    const image = [3, Math.max(...SCALES), MAX_SIZE];
    if (this.#hasRpn) {
      return [
        [1, ...image],
        [1, 3],
        [1, 5],
      ];
    }
    const targets = [1, 4 * (AGNOSTIC ? 2 : this.#classes)];
    return [[IMS_PER_BATCH, ...image], [1, 5], [1], targets, targets, targets].slice(0, this.message.top.length);
  }

  override assumedShapes(): readonly Shape[] {
    return this.topShapes();
  }

  protected override async compute(): Promise<readonly Computed[]> {
    this.check(
      this.#hasRpn,
      "MOKA_UNSUPPORTED",
      "without cfg.TRAIN.HAS_RPN this layer needs regions that were made before, which Moka does not read",
    );
    this.check(
      this.#images.length > 0,
      "MOKA_USAGE",
      "it has no images: call setRoidb of this layer, or name a list of them as cfg.TRAIN.ROIDB",
    );
    if (this.#next + 1 >= this.#order.length) this.#shuffle();
    const index = this.#order[this.#next++] ?? 0;
    const flipped = index >= this.#images.length;
    const entry = this.#images[index % this.#images.length] as RoiImage;
    const { PIXEL_MEANS: mean, TRAIN } = this.#settings();
    const { SCALES, MAX_SIZE } = TRAIN;
    const target = SCALES[SCALES.length > 1 ? this.context.random.below(SCALES.length) : 0] ?? 600;
    const image = await this.#read(entry.image);
    const { width, height } = image;
    const [shorter, longer] = [Math.min(width, height), Math.max(width, height)];
    const wanted = target / shorter;
    const scale = roundHalfEven(wanted * longer) > MAX_SIZE ? MAX_SIZE / longer : wanted;
    const scaled = scaleImage(image, { scale, mean, flipped });
    const rows = entry.boxes.flatMap((box, i) => {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box;
      const label = entry.gt_classes[i] ?? 0;
      const [left, right] = flipped ? [width - x2 - 1, width - x1 - 1] : [x1, x2];
      return label === 0 ? [] : [[left * scale, y1 * scale, right * scale, y2 * scale, label]];
    });
    return [
      { shape: [1, 3, scaled.height, scaled.width], values: scaled.values },
      { shape: [1, 3], values: Float32Array.of(scaled.height, scaled.width, scale) },
      { shape: [rows.length, 5], values: Float32Array.from(rows.flat()) },
    ];
  }

  async #read(name: string) {
    const { files, images } = this.context;
    let path = name;
    for (const from of [this.#namedBy, sourceOf(this.message)?.file]) {
      path = await files.resolve(name, from);
      if (path !== name) break;
    }
    try {
      return await images.decode(await files.read(path), { color: true });
    } catch (error) {
      throw withSubject(name, error);
    }
  }

  #take(given: unknown, namedBy: string | undefined): void {
    this.check(Array.isArray(given), "MOKA_DATA", "a roidb must be a list of images with their objects");
    const images = given.map((entry: unknown, i) => this.#checked(entry, `${namedBy ? `${namedBy}: ` : ""}entry ${i}`));
    const filled = images.filter(({ gt_classes: classes }) => classes.some((label) => label > 0));
    this.check(filled.length > 0, "MOKA_DATA", `none of the ${images.length} images of the roidb has an object`);
    if (filled.length < images.length) {
      const text = `${this.name}: ${images.length - filled.length} images without objects are left out`;
      this.context.log("info", "moka:0", text);
    }
    this.#images = filled;
    this.#namedBy = namedBy;
    this.#shuffle();
  }

  #checked(entry: unknown, what: string): RoiImage {
    const { image, boxes, gt_classes: classes } = fieldsOf(entry);
    this.check(typeof image === "string" && image !== "", "MOKA_DATA", `${what} must name its file as "image"`);
    this.check(
      Array.isArray(boxes) && Array.isArray(classes) && boxes.length === classes.length,
      "MOKA_DATA",
      `${what} (${image}) must have "boxes" and as many "gt_classes"`,
    );
    for (const [i, box] of boxes.entries()) {
      const isBox = Array.isArray(box) && box.length === 4 && box.every(Number.isFinite);
      this.check(
        isBox && box[2] >= box[0] && box[3] >= box[1],
        "MOKA_DATA",
        `${what} (${image}): box ${i} must be x1, y1, x2, y2, with x2 ≥ x1 and y2 ≥ y1, not ${JSON.stringify(box)}`,
      );
      this.check(
        isIndex(classes[i], this.#classes - 1),
        "MOKA_LABEL",
        `${what} (${image}): class ${classes[i]} of box ${i} is none of ${this.#classes}`,
      );
    }
    return { image, boxes, gt_classes: classes };
  }

  #shuffle(): void {
    const copies = this.#settings().TRAIN.USE_FLIPPED ? 2 : 1;
    this.#order = Array.from({ length: copies * this.#images.length }, (_, i) => i);
    this.context.random.shuffle(this.#order);
    this.#next = 0;
  }

  #setClasses(): void {
    this.#classes = new PythonParam(this, ["num_classes"]).number("num_classes", undefined, 2);
  }

  #settings(): Cfg {
    return cfgOf(this, this.context.cfg);
  }

  override saveState(): unknown {
    return { order: this.#order, next: this.#next };
  }

  override restoreState(state: unknown): void {
    const { order, next } = fieldsOf(state);
    const isRight = isOrder(order, this.#order.length) && isIndex(next, order.length);
    this.check(isRight, "MOKA_DATA", `its saved state does not fit a list of ${this.#order.length} images`);
    this.#order = [...order];
    this.#next = next;
  }
}
