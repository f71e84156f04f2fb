import type { LayerParameter } from "../proto/gen/caffe_pb.js";
import type { Shape } from "../util/shape.js";

/**
 * The shapes of a data layer's tops as its message alone tells them: a batch of images of three channels, one with
 * `force_gray`, and its labels. Nothing where their size follows from the data only.
 */
export function assumeData(layer: LayerParameter): readonly Shape[] | undefined {
  const { dataParam, imageDataParam: list, windowDataParam: windows, transformParam: transform } = layer;
  const batch = dataParam?.batchSize || list?.batchSize || windows?.batchSize;
  if (!batch) return undefined;
  const crop = transform?.cropSize || dataParam?.cropSize || list?.cropSize || windows?.cropSize;
  const [height, width] = crop ? [crop, crop] : [list?.newHeight, list?.newWidth];
  if (!height || !width) return undefined;
  const channels = transform?.forceGray || list?.isColor === false ? 1 : 3;
  return [[batch, channels, height, width], [batch]];
}
