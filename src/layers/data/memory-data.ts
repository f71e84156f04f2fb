import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { decodeDatum } from "../../data/labeled-image.js";
import { fieldsOf, isIndex } from "../../data/sources/item.js";
import { itemsBefore, stepAfter } from "../../data/sources/share.js";
import type { Transformer } from "../../data/transformer.js";
import type { DatumValues } from "../../proto/binary/datum.js";
import { type BlobProto, MemoryDataParameterSchema } from "../../proto/gen/caffe_pb.js";
import type { RandomState } from "../../util/random.js";
import { formatShape, type Shape, sameShape } from "../../util/shape.js";
import { logShare, rankShare } from "./rank-share.js";
import { SourceLayer } from "./source-layer.js";
import { loadMean, newTransformer } from "./transform.js";

/**
 * Batches from arrays that the caller gives with `reset`, or from images given with `add`; after the last, the first
 * follows.
 *
 * No bottoms; tops: data (batch_size, channels, height, width) and labels (batch_size).
 * `memory_data_param`: `batch_size`, `channels`, `height`, `width`, all given and greater than 0.
 * `transform_param` is applied by `add`, and not by `reset`, as with Caffe's `AddDatumVector` and `Reset`.
 *
 * Several ranks share the images, so the caller gives all ranks the same, in the same order. In TRAIN a rank takes every N-th of
 * N ranks, from its number on; images that do not divide go on with the first. In TEST whole batches go to the ranks in turn.
 * Images of `add` must divide by N·`batch_size`; each rank decodes all of them, and crops and mirrors by numbers of its own.
 */
export class MemoryDataLayer extends SourceLayer {
  static readonly type = "MemoryData";
  override readonly topCount = 2;
  readonly #param = this.message.memoryDataParam ?? create(MemoryDataParameterSchema);
  #source: { readonly data: Float32Array; readonly labels: Float32Array } | undefined;
  readonly #share = rankShare(this.context, this.#param.batchSize);
  /** The index of the image that comes next. */
  #position = 0;
  /** Whether images were added that forwards have not used up. */
  #isNew = false;
  #isShareLogged = false;
  #mean: BlobProto | undefined;
  #transformer: Transformer | undefined;

  override async inspect(): Promise<void> {
    this.#mean = await loadMean(this.message, this.context);
  }

  override assumedShapes(): readonly Shape[] {
    return this.topShapes();
  }

  override setup(): void {
    this.#transformer = newTransformer(this.message, this.context, this.#mean);
    const { rank, size } = this.#share;
    if (size === 1 || rank > 0) return;
    this.context.log("info", "moka:0", `${this.name}: ${size} ranks share the images; give all ranks the same`);
  }

  override topShapes(): readonly Shape[] {
    const { batchSize, channels, height, width } = this.#param;
    this.check(
      batchSize * channels * height * width > 0,
      "MOKA_FIELD",
      "memory_data_param needs batch_size, channels, height and width, all greater than 0; " +
        `they are ${batchSize}, ${channels}, ${height} and ${width}`,
    );
    return [[batchSize, channels, height, width], [batchSize]];
  }

  /**
   * Gives the layer its data: n images of channels·height·width values each and n labels, n a multiple of
   * `batch_size`. The arrays are not copied.
   *
   * @example
   * ```ts
   * const net = await Net.load("memory.prototxt");
   * const [data] = net.layers;
   * if (data instanceof MemoryDataLayer) data.reset(pixels, Float32Array.of(7));
   * await net.forward();
   * ```
   */
  reset(data: Float32Array, labels: Float32Array): void {
    const { batchSize, channels, height, width } = this.#param;
    const size = channels * height * width;
    this.check(
      labels.length > 0 && labels.length % batchSize === 0 && data.length === labels.length * size,
      "MOKA_DATA",
      `takes a multiple of batch_size ${batchSize} images of ${size} values; given are ${data.length} values and ` +
        `${labels.length} labels`,
    );
    if (this.message.transformParam) {
      this.context.log("warning", "memory_data_layer.cpp:90", "MemoryData does not transform array data on Reset()");
    }
    this.#start(data, labels);
    this.#isShareLogged ||= logShare(this.name, this.context, batchSize, labels.length, "images");
  }

  #start(data: Float32Array, labels: Float32Array): void {
    this.#source = { data, labels };
    this.#position = itemsBefore(this.#share) % labels.length;
  }

  /**
   * Gives the layer a multiple of `batch_size` images, as records of a database have them, and transforms them. Encoded
   * ones are decoded. Refused until forwards have used up the images added before.
   *
   * @example
   * ```ts
   * const net = await Net.load("memory.prototxt");
   * const [data] = net.layers;
   * const image = { channels: 3, height: 8, width: 8, data: new Uint8Array(192), label: 7, encoded: false };
   * if (data instanceof MemoryDataLayer) await data.add([image]);
   * await net.forward();
   * ```
   */
  async add(images: readonly DatumValues[]): Promise<void> {
    const { batchSize, channels, height, width } = this.#param;
    const { size: ranks } = this.#share;
    this.check(!this.#isNew, "MOKA_USAGE", "can't add data until current data has been consumed");
    this.check(
      images.length > 0 && images.length % (ranks * batchSize) === 0,
      "MOKA_DATA",
      `takes a multiple of ${ranks > 1 ? `${ranks} ranks · ` : ""}batch_size ${batchSize} images; given are ${images.length}`,
    );
    const { transformParam } = this.message;
    const read = (datum: DatumValues) => decodeDatum(datum, transformParam, this.context.images);
    const decoded = await Promise.all(images.map(read));
    const wanted = [channels, height, width];
    const size = channels * height * width;
    const data = new Float32Array(images.length * size);
    const random = this.#transformer?.state;
    try {
      for (const [i, image] of decoded.entries()) {
        const shape = this.#transformer?.outputShape(image) ?? [];
        this.check(
          sameShape(shape, wanted),
          "MOKA_DATA",
          `image ${i} is ${formatShape(shape)} when it is transformed, memory_data_param says ${formatShape(wanted)}`,
        );
        this.#transformer?.transform(image, data.subarray(i * size, (i + 1) * size));
      }
    } catch (error) {
      this.#transformer?.restore(random);
      throw this.explain(error);
    }
    this.#start(
      data,
      Float32Array.from(images, ({ label }) => label),
    );
    this.#isNew = true;
  }

  override forward(k: Recorder, _bottom: readonly Tensor[], [data, labels]: [Tensor, Tensor]): void {
    const next = () => {
      this.check(this.#source, "MOKA_DATA", "has no data: give it some with reset(data, labels) before forward");
      const { batchSize } = this.#param;
      const size = data.count / batchSize;
      const { group } = this.#share;
      for (let taken = 0; taken < batchSize; taken += group) {
        const start = this.#position;
        data.data.array.set(this.#source.data.subarray(start * size, (start + group) * size), taken * size);
        labels.data.array.set(this.#source.labels.subarray(start, start + group), taken);
        const next = start + group - 1 + stepAfter(this.#share, taken + group);
        this.#position = next % this.#source.labels.length;
        if (next >= this.#source.labels.length) this.#isNew = false;
      }
    };
    k.host("next batch", next, { writes: [data.data, labels.data] });
  }

  /** The position of the next batch. The data are not part of it: the caller gives them before `restoreState`. */
  override saveState(): unknown {
    return { position: this.#position, random: this.#transformer?.state };
  }

  override restoreState(state: unknown): void {
    const { position, random } = fieldsOf(state);
    this.#restore(position, random, 0);
  }

  /** If this rank saved no state, its transformer's generator stays as it is. */
  override restoreShare(first: unknown, own: unknown): void {
    const random = own === undefined ? this.#transformer?.state : fieldsOf(own).random;
    this.#restore(fieldsOf(first).position, random, itemsBefore(this.#share));
  }

  /** Goes some images on from a saved position. */
  #restore(position: unknown, random: unknown, ahead: number): void {
    const count = this.#source?.labels.length ?? 0;
    this.check(
      position === 0 || (isIndex(position, count - 1) && position % this.#share.group === 0),
      "MOKA_DATA",
      `the saved position ${position} is in no data of ${count} images; give the layer its data first`,
    );
    this.#transformer?.restore(random as RandomState | undefined);
    this.#position = count > 0 ? (position + ahead) % count : 0;
  }
}
