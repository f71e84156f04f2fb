import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const input = (name: string, ...shape: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((size) => `dim: ${size}`).join(" ")} } } }\n`;
const net = `${input("scores", 1, 12, 4, 5)}${input("deltas", 1, 24, 4, 5)}${input("info", 1, 3)}
  layer { name: "rois" type: "Python" bottom: "scores" bottom: "deltas" bottom: "info" top: "rois" top: "values"
    python_param { module: "rpn.proposal_layer" layer: "ProposalLayer" param_str: "{'feat_stride': 16, 'scales': [1, 2], 'ratios': [0.5, 1, 2]}" } }\n`;
const noise = (i: number, name: string) => (Math.sin((i + name.length) * 12.9898) + 1) / 4;
/** An image of 64 by 80 pixels; scores of which many are equal. */
const draw = (i: number, name: string) => {
  if (name === "info") return [64, 80, 1.5][i] ?? 0;
  return name === "scores" ? Math.floor(16 * noise(i, name)) / 8 : noise(i, name);
};
const cfg = (settings: Readonly<Record<string, number>>) => ({ cfg: { TEST: { RPN_MIN_SIZE: 12, ...settings } } });

test.each([11, 13, 18, 22])("the regions are those of Caffe, in its order, in opset %d", async (opset) => {
  const options = cfg({ RPN_PRE_NMS_TOP_N: 40, RPN_POST_NMS_TOP_N: 15, RPN_NMS_THRESH: 0.5 });
  expect(await exportError(net, { opset, draw, ...options })).toBeLessThan(1e-5);
});

test.each([
  {},
  { RPN_PRE_NMS_TOP_N: 0, RPN_POST_NMS_TOP_N: 0, RPN_NMS_THRESH: 0.9 },
  { RPN_POST_NMS_TOP_N: 3, RPN_MIN_SIZE: 0 },
])("%o", async (settings) => {
  expect(await exportError(net, { draw, ...cfg(settings) })).toBeLessThan(1e-5);
});

test("there may be no region", async () => {
  expect(await exportError(net, { draw, ...cfg({ RPN_MIN_SIZE: 200 }) })).toBe(0);
  expect((await exported(net)).exported.batch).toMatchObject({ dynamic: false, size: 1 });
});
