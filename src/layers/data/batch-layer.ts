import type { Recorder } from "../../core/recorder.js";
import type { FloatArray } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { type BatchSource, Prefetcher } from "../../data/prefetch.js";
import { fieldsOf, withSubject } from "../../data/sources/item.js";
import type { Transformer } from "../../data/transformer.js";
import type { Random, RandomState } from "../../util/random.js";
import { countOf, formatShape, type Shape, sameShape } from "../../util/shape.js";
import { SourceLayer } from "./source-layer.js";

/**
 * A layer whose tops are a batch of images and, if there are two tops, their labels. Batches are read ahead while the net
 * runs. All images of a batch have the shape of the first; the net is reshaped when it changes from batch to batch. Of several
 * ranks each reads its share of the source.
 */
export abstract class BatchLayer<Item extends { readonly what: string }> extends SourceLayer {
  /** Transforms each image of a batch, with random crop and mirroring; undefined in a layer that has its own code for this. */
  protected transformer: Transformer | undefined;
  /** The generator of what forks of Caffe draw beside crop and mirroring; undefined in a layer that draws nothing else. */
  protected draws: Random | undefined;
  #prefetcher: Prefetcher<Item, unknown> | undefined;
  #batch: readonly Item[] | undefined;
  #shape: Shape = [];

  protected abstract readonly batchSize: number;

  /** What makes images of different sizes fit into one batch. */
  protected readonly sizesNeed: string = "batch_size 1 or transform_param.crop_size";

  /** What makes images with different numbers of channels fit into one batch. */
  protected channelsNeed(_item: Item): string {
    return "all images of a batch need the same number of channels";
  }

  /** Channels, height and width of an item in the top. */
  protected abstract itemShape(item: Item): Shape;
  /** Writes an item's transformed values into its part of the top, whose values are 0 before, and returns its label. */
  protected abstract writeItem(item: Item, output: FloatArray): number;

  /** Works on the items of the next batch before its shapes are asked for. */
  protected async prepare(_items: readonly Item[]): Promise<void> {}

  /** The shape of the first top. */
  protected get dataShape(): Shape {
    return this.#shape;
  }

  /** The shape of the second top. */
  protected labelShape(): Shape {
    return [this.batchSize];
  }

  /** Writes the second top, given what `writeItem` returned for each item. */
  protected writeLabels(labels: readonly number[], output: FloatArray): void {
    output.set(labels);
  }

  /** `inspect` calls this with the shape of the first item. */
  protected expect(itemShape: Shape): void {
    this.#shape = [this.batchSize, ...itemShape];
  }

  /** `open` or `setup` calls this with the shape of the first item; nothing is read before the first forward. */
  protected startBatches(source: BatchSource<Item, unknown>, itemShape: Shape, origin: string): void {
    this.#prefetcher = new Prefetcher(source, this.message.dataParam?.prefetch ?? 4);
    this.expect(itemShape);
    this.context.log("info", origin, `output data size: ${this.#shape.join(",")}`);
  }

  /** Assumes images of the size to which they are cropped or resized, or else of this one; the first shape may be unknown. */
  protected assumedBatch(channels: number, height = 0, width = 0): readonly (Shape | undefined)[] {
    const { cropSize = 0, cropH = 0, cropW = 0, resizeParam: [resize] = [] } = this.message.transformParam ?? {};
    const sizes = [[cropSize, cropSize], [cropH, cropW], resize ? [resize.height, resize.width] : [], [height, width]];
    const size = sizes.find((sides) => countOf(sides) > 0 && sides.length > 0) ?? [0, 0];
    const images = [this.batchSize, channels, ...size];
    return [countOf(images) > 0 ? images : undefined, this.labelShape()];
  }

  override topShapes(): readonly Shape[] {
    return [this.#shape, this.labelShape()];
  }

  override async liveShapes(): Promise<readonly Shape[]> {
    await this.#take();
    return this.topShapes();
  }

  override forward(k: Recorder, _bottom: readonly Tensor[], [data, labels]: readonly Tensor[]): void {
    const write = (items: readonly Item[]) => {
      this.#batch = undefined;
      const size = countOf(this.#shape) / this.batchSize;
      const values = items.map((item, i) =>
        this.about(item, () => {
          this.#checkShape(item);
          return this.writeItem(item, data?.data.array.subarray(i * size, (i + 1) * size) ?? new Float32Array(size));
        }),
      );
      if (labels) this.writeLabels(values, labels.data.array);
    };
    const run = () => (this.#batch ? write(this.#batch) : this.#take().then(write));
    k.host("next batch", run, { writes: [data, labels].flatMap((top) => top?.data ?? []) });
  }

  /** The position of the batch that the net takes next, not of those read ahead, and the states of the generators. */
  override saveState(): unknown {
    const draws = this.draws && { draws: this.draws.state };
    return { position: this.#prefetcher?.position, random: this.transformer?.state, ...draws };
  }

  override async restoreState(state: unknown): Promise<void> {
    await this.#restore(fieldsOf(state).position, fieldsOf(state), false);
  }

  /** If this rank saved no state, its generators stay as they are. */
  override async restoreShare(first: unknown, own: unknown): Promise<void> {
    await this.#restore(fieldsOf(first).position, fieldsOf(own ?? this.saveState()), true);
  }

  async #restore(position: unknown, { random, draws }: Readonly<Record<string, unknown>>, isShared: boolean) {
    const before = { random: this.transformer?.state, draws: this.draws?.state };
    try {
      this.#restoreDraws(random as RandomState | undefined, draws as RandomState | undefined);
      await this.#prefetcher?.moveTo(position, isShared);
      this.#batch = undefined;
    } catch (error) {
      this.#restoreDraws(before.random, before.draws);
      throw this.explain(error);
    }
  }

  #restoreDraws(random: RandomState | undefined, draws: RandomState | undefined): void {
    this.check(
      (draws === undefined) === !this.draws,
      "MOKA_PARSE",
      "transform_param or the samplers drew other random numbers when the state was saved",
    );
    this.transformer?.restore(random);
    if (draws) this.draws?.restore(draws);
  }

  override async close(): Promise<void> {
    await this.#prefetcher?.stop();
  }

  async #take(): Promise<readonly Item[]> {
    try {
      const items = (await this.#prefetcher?.next()) ?? [];
      const [first] = items;
      await this.prepare(items);
      if (first) this.#shape = [this.batchSize, ...this.about(first, () => this.itemShape(first))];
      this.#batch = items;
      return items;
    } catch (error) {
      throw this.explain(error);
    }
  }

  #checkShape(item: Item): void {
    const own = this.itemShape(item);
    const first = this.#shape.slice(1);
    this.check(
      sameShape(own, first),
      "MOKA_DATA",
      `an image of shape ${formatShape(own)}, but its batch began with ${formatShape(first)}; ` +
        (own[0] === first[0] ? `images of different sizes need ${this.sizesNeed}` : this.channelsNeed(item)),
    );
  }

  /** Returns the result of `work`; its errors name the item. */
  protected about<T>(item: Item, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.explain(withSubject(item.what, error));
    }
  }
}
