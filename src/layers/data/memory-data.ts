import { create } from "@bufbuild/protobuf";
import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { MemoryDataParameterSchema } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";

/**
 * Batches from arrays the caller gives with `reset`; they start again when they end.
 *
 * No bottoms; tops: data (batch_size, channels, height, width) and labels (batch_size).
 * `memory_data_param`: `batch_size`, `channels`, `height`, `width`, all given and greater than 0.
 * `transform_param` is not applied, as with Caffe's `Reset`.
 */
export class MemoryDataLayer extends Layer {
  static readonly type = "MemoryData";
  override readonly bottomCount = 0;
  override readonly topCount = 2;
  readonly #param = this.message.memoryDataParam ?? create(MemoryDataParameterSchema);
  #source: { readonly data: Float32Array; readonly labels: Float32Array } | undefined;
  #position = 0;

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
    this.#source = { data, labels };
    this.#position = 0;
  }

  override forward(k: Recorder, _bottom: readonly Tensor[], [data, labels]: [Tensor, Tensor]): void {
    const next = () => {
      this.check(this.#source, "MOKA_DATA", "has no data: give it some with reset(data, labels) before forward");
      const { batchSize } = this.#param;
      const size = data.count / batchSize;
      const start = this.#position;
      data.data.array.set(this.#source.data.subarray(start * size, (start + batchSize) * size));
      labels.data.array.set(this.#source.labels.subarray(start, start + batchSize));
      this.#position = (start + batchSize) % this.#source.labels.length;
    };
    k.host("next batch", next, { writes: [data.data, labels.data] });
  }
}
