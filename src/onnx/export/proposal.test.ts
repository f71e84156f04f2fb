import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const input = (name: string, ...shape: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((size) => `dim: ${size}`).join(" ")} } } }\n`;
const net = (param: string, images = 2) =>
  `${input("scores", images, 12, 4, 5)}${input("deltas", images, 24, 4, 5)}${input("info", 1, 6)}
   layer { name: "rois" type: "Proposal" bottom: "scores" bottom: "deltas" bottom: "info" top: "rois" top: "values"
     proposal_param { ratio: 0.5 ratio: 1 scale: 24 scale: 32 scale: 48 ${param} } }\n`;
/** An image of 64 by 80 pixels. */
const draw = (i: number, name: string) =>
  name === "info"
    ? ([64, 80, 1, 1.5, 0, 0][i] ?? 0)
    : (Math.sin((i + name.length) * 12.9898) + 1) / (name === "scores" ? 2 : 4);
const more = [1, 3].map((n) => ({ scores: [n, 12, 4, 5], deltas: [n, 24, 4, 5] }));

test.each([11, 13, 18, 22])("without equal scores the regions are the fork's in opset %d", async (opset) => {
  const text = net("min_size: 1 pre_nms_topn: 50 post_nms_topn: 20 nms_thresh: 0.6");
  const error = await exportError(text, { opset, draw, more, batch: "dynamic", approximate: true });
  expect(error).toBeLessThan(1e-5);
});

test.each(["pre_nms_topn: 6000 post_nms_topn: 8", "nms_thresh: 0.9", "feat_stride: 8 base_size: 8 min_size: 0"])(
  "%s",
  async (param) => {
    expect(await exportError(net(`min_size: 1 ${param}`), { draw, batch: 2, approximate: true })).toBeLessThan(1e-5);
  },
);

test("short boxes come last, as many as in the fork, and it says so", async () => {
  const text = net("min_size: 30 nms_thresh: 1");
  await expect(exported(text)).rejects.toThrow(/quicksort orders boxes of equal scores.*only an approximation/);
  const { exported: made } = await exported(text, undefined, { approximate: true });
  expect(made.approximations).toEqual([
    { layer: "rois", type: "Proposal", text: expect.stringMatching(/min_size 30/) },
  ]);
  expect(made.outputs).toEqual({ rois: ["rois.count", 5], values: ["rois.count"] });
  // Without suppression every box stays, so that the scores are the same in any order of the boxes.
  const hidden = text.replace(`top: "rois"`, `top: "hidden"`);
  const values = `${hidden}layer { name: "s" type: "Silence" bottom: "hidden" }\n`;
  expect(await exportError(values, { draw, approximate: true })).toBeLessThan(1e-6);
});
