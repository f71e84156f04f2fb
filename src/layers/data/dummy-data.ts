import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { DummyDataParameterSchema, type FillerParameter, FillerParameterSchema } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { SourceLayer } from "./source-layer.js";

/**
 * Tops with values from fillers. Constant fillers fill once, others at every forward.
 *
 * No bottoms; tops, one or more. `dummy_data_param`: `data_filler` (constant 0), none, one for all tops, or one
 * each; `shape`, one for all or one each; or its old form `num`, `channels`, `height` and `width`, one for all or one each.
 *
 * Fillers draw from the generator of the run, which is another one on each rank.
 */
export class DummyDataLayer extends SourceLayer {
  static readonly type = "DummyData";
  override readonly topCount = [1, Number.POSITIVE_INFINITY] as const;
  readonly #param = this.message.dummyDataParam ?? create(DummyDataParameterSchema);
  /** Spans that were filled with a constant. They are not filled again, so values that a caller writes later stay. */
  readonly #filled = new Set<Span>();

  override setup(): void {
    const shapes = this.topShapes();
    for (const [index, filler] of this.#fillers.entries()) this.context.fill(filler, shapes[index] ?? []);
  }

  override topShapes(): readonly Shape[] {
    const { shape, num, channels, height, width } = this.#param;
    const legacy = num.length + channels.length + height.length + width.length > 0;
    this.check(
      !legacy || shape.length === 0,
      "MOKA_FIELD",
      "dummy_data_param takes shape, or num, channels, height and width, not both",
    );
    if (!legacy) return this.perTop(shape, "dummy_data_param.shape").map((each) => each?.dim.map(Number) ?? []);
    const axes = Object.entries({ num, channels, height, width }).map(([name, sizes]) =>
      this.perTop(sizes, `dummy_data_param.${name}`),
    );
    return this.message.top.map((_, i) => axes.map((sizes) => sizes[i] ?? 0));
  }

  get #fillers(): readonly FillerParameter[] {
    const fillers = this.perTop(this.#param.dataFiller, "dummy_data_param.data_filler", true);
    return fillers.map((filler) => filler ?? create(FillerParameterSchema));
  }

  override forward(k: Recorder, _bottom: readonly Tensor[], top: readonly Tensor[]): void {
    const fillers = this.#fillers;
    const fill = (y: Tensor, filler: FillerParameter) => {
      const values = new Float32Array(y.count);
      this.context.fill(filler, y.shape, values);
      y.data.array.set(values);
    };
    top.forEach((y, i) => {
      const filler = fillers[i] as FillerParameter;
      if (filler.type !== "constant") {
        k.host(`fill ${y.name}`, () => fill(y, filler), { writes: [y.data] });
      } else if (!this.#filled.has(y.data)) {
        fill(y, filler);
        this.#filled.add(y.data);
      }
    });
  }
}
