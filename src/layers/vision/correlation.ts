import type { LayerUse } from "../../core/layer-facts.js";
import { countOf } from "../../util/shape.js";
import { BaseConvolutionLayer } from "./base-convolution.js";

/** The common part of Convolution and of its forms by other names. */
export abstract class CorrelationLayer extends BaseConvolutionLayer {
  static override readonly coordinates = "window";
  protected override readonly isTransposed = false;

  /** col_buffer_, for one image; kernels of 1×1 need none. */
  override caffeBuffers({ bottom: [x = []], top: [y = []] }: LayerUse): number {
    const [axis, kernel] = [x.length - (y.length - 2), countOf(this.params[0]?.shape ?? [], 2)];
    return kernel === 1 ? 0 : kernel * (x[axis - 1] ?? 1) * countOf(y, axis);
  }
}
