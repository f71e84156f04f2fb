import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const input = (name: string, ...shape: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((size) => `dim: ${size}`).join(" ")} } } }\n`;
const net = (height: number, width: number, scale: number, rois: readonly number[] = [9, 5]) =>
  input("x", 2, 3, 6, 7) +
  input("rois", ...rois) +
  `layer { name: "y" type: "ROIPooling" bottom: "x" bottom: "rois" top: "y"
    roi_pooling_param { pooled_h: ${height} pooled_w: ${width} spatial_scale: ${scale} } }\n`;
/** Regions around and outside the image, some with halves, some turned round. */
const draw = (i: number, name: string) =>
  name === "x"
    ? Math.sin(i * 12.9898) * 1.7 - 2
    : i % 5 === 0
      ? (i / 5) % 2
      : Math.round(Math.sin(i * 78.233) * 30 + 20) / 2;

test.each([11, 13, 18, 22])("regions are pooled bit for bit in opset %d", async (opset) => {
  const more = [{ x: [3, 3, 6, 7] }];
  expect(await exportError(net(3, 2, 0.25), { opset, draw, more, batch: "dynamic" })).toBe(0);
});

test.each([
  [1, 1, 1],
  [7, 7, 0.0625],
  [2, 5, 0.5],
  [4, 3, 0.3],
])("%d by %d bins at scale %d", async (height, width, scale) => {
  const text = net(height, width, scale, [40, 5, 1, 1]);
  expect(await exportError(text, { draw })).toBe(0);
  expect(await exportError(text, { draw, opset: 22 })).toBe(0);
});

test("opset 22 needs a loop, which is said", async () => {
  const nodes = async (opset: number) => {
    const { exported: made } = await exported(net(3, 2, 0.25), undefined, { opset });
    return [made.model.graph?.node.at(-1)?.opType, made.notes.length];
  };
  expect(await nodes(21)).toEqual(["MaxRoiPool", 0]);
  expect(await nodes(22)).toEqual(["Scan", 1]);
});
