import { UpsampleLayer } from "../../layers/segmentation/upsample.js";
import { mapping } from "./mapping.js";

/**
 * Upsample with a mask (SegNet) → `ScatterElements` of each plane into zeros, by the mask. Not `MaxUnpool`: its indices are of the whole
 * tensor, and change with the batch.
 *
 * Exact in ONNX Runtime. Where two values go to one place the last one stays, as in Caffe; ONNX leaves open which, and other runtimes may
 * differ. Only a mask of windows that overlap has such places. A place outside the plane is an error, but for those from −plane to
 * −1, which count from its end.
 */
export const upsample = mapping(UpsampleLayer, (w) => {
  const [x, mask, top] = [w.input(0), w.input(1), w.port(0)];
  const [images = 1, channels = 1, ...size] = top.dims;
  const [h = 1, width = 1] = w.fixed(size, "its planes");
  const [height = 1, across = 1] = w.fixed(x.dims.slice(2), "its planes");
  const plane = h * width;
  const rows = [images, channels, height * across];
  const zeros = w.node("ConstantOfShape", [
    typeof images === "number" && typeof channels === "number"
      ? w.ints([images, channels, plane])
      : w.concat([w.slice(w.node("Shape", [x.value]), [{ axis: 0, from: 0, to: 2 }]), w.ints([plane])], 0),
  ]);
  const places = w.cast(w.reshaped(mask.value, mask.dims, rows), "int");
  const y = w.node("ScatterElements", [zeros, places, w.reshaped(x.value, x.dims, rows)], { axis: 2 });
  w.setReshaped(0, y, [images, channels, plane]);
});
