import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { DepthToSpaceParameterSchema } from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "./unary.js";

/** How the axes of x are cut (d: depth, a and b: place in the block), and their order in y. */
const forms: Readonly<Record<string, { readonly cut: string; readonly order: string }>> = {
  NHWC: { cut: "nhwabd", order: "nhawbd" },
  NCHW: { cut: "nabdhw", order: "ndhawb" },
  DCR: { cut: "nabdhw", order: "ndhawb" },
  CRD: { cut: "ndabhw", order: "ndhawb" },
};

/**
 * Spreads channels over the places of blocks: an image of C channels becomes one of C/s² channels, s times as high and wide.
 *
 * Bottom x (N, C, H, W), with NHWC (N, H, W, C); C must be divisible by s². Top y (N, C/s², H·s, W·s), with NHWC (N, H·s, W·s, C/s²). Pixel
 * (h·s + a, w·s + b) of channel d of y is pixel (h, w) of channel (a·s + b)·C/s² + d of x; with CRD of channel (d·s + a)·s + b.
 * Gradient: each dy goes back where its value came from. The fork has none.
 *
 * `depth_to_space_param`: `block_size`, s, required; `data_format` (NHWC), or NCHW, which DCR is another name of, or CRD.
 *
 * Source: synopsys-caffe, after TensorFlow and ONNX. Dialect: synopsys.
 */
export class DepthToSpaceLayer extends UnaryLayer {
  static readonly type = "DepthToSpace";
  readonly #param = this.message.depthToSpaceParam ?? create(DepthToSpaceParameterSchema);
  override readonly passesOn = "first";

  override setup(): void {
    const { blockSize, dataFormat } = this.#param;
    this.check(blockSize > 0, "MOKA_FIELD", `depth_to_space_param.block_size must be 1 or more; it is ${blockSize}`);
    const known = Object.keys(forms).join(", ");
    const reason = `depth_to_space_param.data_format must be one of ${known}; it is "${dataFormat}"`;
    this.check(Object.hasOwn(forms, dataFormat), "MOKA_FIELD", reason);
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const { blockSize } = this.#param;
    const depth = x[this.#form.cut.startsWith("nh") ? 3 : 1] ?? 0;
    this.check(
      x.length === 4 && depth % blockSize ** 2 === 0,
      "MOKA_SHAPE",
      `needs four axes, and channels divisible by ${blockSize ** 2}; its bottom is ${formatShape(x)}`,
    );
    const sizes = this.#sizes(x);
    const of = (axis: string) => sizes[this.#form.cut.indexOf(axis)] ?? 0;
    const [n, d, high, wide] = [of("n"), of("d"), of("h") * blockSize, of("w") * blockSize];
    return [this.#form.order.startsWith("nh") ? [n, high, wide, d] : [n, d, high, wide]];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const { cut, order } = this.#form;
    this.#move(k, this.#sizes(x.shape), [cut, order], [x.data, y.data]);
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const { cut, order } = this.#form;
    const sizes = this.#sizes(x.shape);
    const spread = [...order].map((axis) => sizes[cut.indexOf(axis)] ?? 0);
    this.#move(k, spread, [order, cut], [y.diff, x.diff]);
  }

  get #form() {
    return forms[this.#param.dataFormat] ?? { cut: "", order: "" };
  }

  /** The sizes of the axes of x, cut. */
  #sizes(x: Shape): readonly number[] {
    const { blockSize: s } = this.#param;
    const { cut } = this.#form;
    const [n = 0, ...rest] = x;
    const [h = 0, w = 0, c = 0] = cut.startsWith("nh") ? rest : [rest[1], rest[2], rest[0]];
    const sizes: Readonly<Record<string, number>> = { n, h, w, d: c / s ** 2, a: s, b: s };
    return [...cut].map((axis) => sizes[axis] ?? 0);
  }

  #move(k: Recorder, shape: Shape, [from, to]: readonly [string, string], [x, y]: readonly [Span, Span]): void {
    k.permute({ x, y, shape, order: [...to].map((axis) => from.indexOf(axis)) });
  }
}
