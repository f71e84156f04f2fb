import { type DescMessage, isFieldSet, type Message } from "@bufbuild/protobuf";
import type { Layer } from "../../core/layer.js";
import { formatShape, type Shape } from "../../util/shape.js";

/** The fields of Synopsys' messages that say how large a top is. */
interface ResizeFields extends Message {
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly scaleHeight: number;
  readonly scaleWidth: number;
  readonly dataFormat: string;
}

/**
 * The top of a layer that resizes planes (N, C, H, W).
 *
 * @param where the field that errors give
 */
export function resizedShape(layer: Layer, x: Shape, param: ResizeFields, schema: DescMessage, where: string): Shape {
  layer.check(
    param.dataFormat === "NCHW",
    "MOKA_UNSUPPORTED",
    `${where}.data_format "${param.dataFormat || "NHWC"}" is not computed: only "NCHW" is`,
  );
  layer.check(
    x.length === 4 && Math.min(...x.slice(2)) > 0,
    "MOKA_SHAPE",
    `needs a bottom (N, C, H, W), not ${formatShape(x)}`,
  );
  const has = (name: string) => {
    const field = schema.field[name];
    return field !== undefined && isFieldSet(param, field);
  };
  const [images = 0, channels = 0, h = 0, w = 0] = x;
  const scaled = (size: number, scale: number) => Math.floor(Math.fround(size * scale));
  const height = has("outputHeight") ? param.outputHeight : scaled(h, param.scaleHeight);
  const width = has("outputWidth") ? param.outputWidth : scaled(w, param.scaleWidth);
  layer.check(height > 0 && width > 0, "MOKA_FIELD", `${where} gives a top of ${height}×${width} from ${h}×${w}`);
  return [images, channels, height, width];
}
