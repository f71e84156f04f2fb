import { create, isFieldSet } from "@bufbuild/protobuf";
import type { LayerVariants } from "../../core/catalog.js";
import type { UnpoolSizes } from "../../core/kernels.js";
import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { type UpsampleParameter, UpsampleParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape, sameShape } from "../../util/shape.js";
import { NearestLayer } from "./nearest.js";

/**
 * Makes planes larger. Two layers have this name.
 *
 * With a mask (SegNet): bottoms x (N, C, H, W) and the mask that a Pooling layer made as its second top, of the same shape; top
 * (N, C, H', W'). In each plane y[mask] = x and 0 elsewhere; where two values go to one place, the last one stays. H' and W' are
 * `upsample_h` and `upsample_w` if both are given, else H and W times `scale` (2), or times `scale_h` and `scale_w` if both are;
 * with a scale of 2, `pad_out_h` and `pad_out_w` (false) take 1 off. The gradient is dx = dy[mask]; the mask has none. So two
 * values of one place both get its gradient, as in the fork. A place outside the top's plane is an error.
 *
 * Nearest (YOLO): one bottom x (…, H, W); top (…, H·scale, W·scale) with each value as a block; `scale` (1). The
 * gradient is the sum of dy over the block.
 *
 * `upsample_param` as said. The number of bottoms tells which layer is meant; fields of the mask form have no meaning for the other,
 * and are errors there.
 *
 * Source: alexgkendall's caffe-segnet (Badrinarayanan, Kendall and Cipolla 2015); eric612's MobileNet-YOLO. Dialects: segnet, eric612.
 */
export class UpsampleLayer extends Layer {
  static readonly type = "Upsample";
  static override readonly group = "segmentation";
  static override readonly paramField = "upsample_param";
  static readonly variants: LayerVariants = {
    get classes() {
      return [UpsampleLayer, UpsampleNearestLayer];
    },
    choose: ({ bottom }) => (bottom.length === 2 ? UpsampleLayer : UpsampleNearestLayer),
  };
  override readonly bottomCount = [1, 2] as const; // of both layers
  override readonly topCount = 1;
  readonly #param = this.message.upsampleParam ?? create(UpsampleParameterSchema);

  /** The mask has none. */
  override allowForceBackward(bottom: number): boolean {
    return bottom === 0;
  }

  override topShapes([x = [], mask = []]: readonly Shape[]): readonly Shape[] {
    const [images = 0, channels = 0, h = 0, w = 0] = x;
    this.check(
      x.length === 4 && sameShape(x, mask),
      "MOKA_SHAPE",
      `needs (N, C, H, W) and a mask of the same shape; they are ${formatShape(x)} and ${formatShape(mask)}`,
    );
    return [[images, channels, ...sizeOf(this, this.#param, [h, w])]];
  }

  override forward(k: Recorder, [x, mask]: [Tensor, Tensor], [y]: [Tensor]): void {
    const sizes = sizesOf(x, y);
    const { outputs } = sizes;
    const check = () => {
      const places = mask.data.array;
      for (let i = 0; i < places.length; i++) {
        const place = places[i] ?? 0;
        if (place >= 0 && place < outputs) continue;
        const reason = `place ${place} (number ${i} of "${mask.name}") is none of the ${outputs} of a plane ${formatShape(y.shape.slice(2))}`;
        throw this.error("MOKA_DATA", reason);
      }
    };
    k.host("check mask", check, { reads: [mask.data] });
    k.unpool({ x: x.data, mask: mask.data, y: y.data, ...sizes });
  }

  override backward(
    k: Recorder,
    [y]: [Tensor],
    [wanted, isMaskWanted]: readonly boolean[],
    [x, mask]: [Tensor, Tensor],
  ): void {
    // A mask from a pooling that learns: the pooling does not read this.
    if (isMaskWanted) k.fill({ y: mask.diff, value: 0 });
    if (wanted) k.unpoolBackward({ dy: y.diff, mask: mask.data, dx: x.diff, ...sizesOf(x, y) });
  }
}

function sizesOf(x: Tensor, y: Tensor): UnpoolSizes {
  const planes = countOf(x.shape, 0, 2);
  return { planes, inputs: countOf(x.shape, 2), outputs: countOf(y.shape, 2) };
}

/** Height and width of the top. */
function sizeOf(layer: Layer, param: UpsampleParameter, [h, w]: readonly [number, number]): readonly number[] {
  const has = (name: keyof typeof UpsampleParameterSchema.field) =>
    isFieldSet(param, UpsampleParameterSchema.field[name]);
  const { scale, scaleH, scaleW, padOutH, padOutW, upsampleH, upsampleW } = param;
  const isScaledApart = has("scaleH") && has("scaleW");
  layer.check(
    has("scaleH") === has("scaleW") && !(isScaledApart && has("scale")),
    "MOKA_FIELD",
    "upsample_param takes scale, or scale_h and scale_w, not both",
  );
  const [down, across] = isScaledApart ? [scaleH, scaleW] : [scale, scale];
  layer.check(
    !((padOutH && down !== 2) || (padOutW && across !== 2)),
    "MOKA_FIELD",
    "upsample_param.pad_out_h and pad_out_w need a scale of 2",
  );
  const size =
    has("upsampleH") && has("upsampleW")
      ? [upsampleH, upsampleW]
      : [h * down - Number(padOutH), w * across - Number(padOutW)];
  layer.check(
    Math.min(...size) > 0,
    "MOKA_FIELD",
    `upsample_param gives a top of ${size.join("×")}; both sizes must be greater than 0`,
  );
  return size;
}

/** The nearest form. */
export class UpsampleNearestLayer extends NearestLayer {
  override readonly bottomCount = [1, 2] as const; // of both layers
  protected override readonly field = "upsample_param.scale";
  readonly #param = this.message.upsampleParam ?? create(UpsampleParameterSchema);
  protected override readonly scale = isFieldSet(this.#param, UpsampleParameterSchema.field.scale)
    ? this.#param.scale
    : 1;

  override setup(): void {
    const other = UpsampleParameterSchema.fields.find(
      (field) => field.name !== "scale" && isFieldSet(this.#param, field),
    );
    this.check(
      !other,
      "MOKA_FIELD",
      `upsample_param.${other?.name} is of Upsample with a mask, its second bottom; it has none`,
    );
    super.setup();
  }
}
