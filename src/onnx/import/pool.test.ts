import { expect, test } from "vitest";
import { node, refused, same } from "../../../test/onnx/nodes.js";

const draw = (i: number) => Math.sin(i * 12.9898) - 3; // below 0: padding with zeros would show

const pool = (
  op: string,
  attributes: Parameters<typeof node>[1],
  x: readonly number[] = [2, 3, 7, 8],
  targets = ["moka", "bvlc", "nnie"],
  opset = 19,
) => same({ inputs: { x }, nodes: [node(op, attributes)], targets, draw, opset });

test("every window up to 4, with all strides, pads and roundings: the same as ONNX Runtime, for every target", async () => {
  let count = 0;
  for (const [kernel, stride, before, after, ceil] of cases()) {
    for (const size of [4, 7]) {
      const total = (size + before + after - kernel) / stride;
      // Windows that begin behind the input: ONNX Runtime has them, PyTorch has not.
      if (total < 0 || (ceil === 1 && Math.ceil(total) * stride >= size + before)) continue;
      const pads = [before, before, after, after];
      const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads, ceil_mode: ceil };
      const nodes = [
        { ...node("MaxPool", attributes), outputs: ["max"] },
        { ...node("AveragePool", attributes), outputs: ["without"] },
        // With ceil_mode, ONNX Runtime counts more than the padding.
        { ...node("AveragePool", { ...attributes, count_include_pad: 1 - ceil }), outputs: ["with"] },
      ];
      const outputs = ["max", "without", "with"];
      await same({
        inputs: { x: [1, 1, size, size] },
        nodes,
        outputs,
        draw,
        opset: 19,
        targets: ["moka", "bvlc", "nnie"],
      });
      count++;
    }
  }
  expect(count).toBeGreaterThan(120);
});

function* cases() {
  for (const kernel of [1, 2, 3, 4]) {
    for (const stride of [1, 2, 3]) {
      for (let before = 0; before < Math.min(kernel, 3); before++) {
        for (const after of new Set([before, 0, kernel - 1])) {
          for (const ceil of [0, 1])
            if (ceil === 0 || before === after) yield [kernel, stride, before, after, ceil] as const;
        }
      }
    }
  }
}

test("the ways: rounding up, rounding down, and Slice where the target cannot", async () => {
  expect(await pool("MaxPool", { kernel_shape: [2, 2], strides: [2, 2] }, [1, 2, 8, 8])).toEqual({
    moka: "Pooling",
    bvlc: "Pooling",
    nnie: "Pooling",
  });
  const odd = await pool("MaxPool", { kernel_shape: [2, 2], strides: [2, 2] }, [1, 2, 7, 7], ["moka", "bvlc", "ssd"]);
  expect(odd).toEqual({ moka: "Pooling", bvlc: "Pooling", ssd: "Pooling Slice Slice Silence" });
  const average = await pool("AveragePool", { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
  expect(average).toEqual({ moka: "Pooling", bvlc: "Pooling Scale", nnie: "Pooling Scale" });
});

test("kernels and strides that differ, one axis", async () => {
  await pool("MaxPool", { kernel_shape: [3, 2], strides: [1, 2], pads: [1, 0, 1, 1] });
  await pool("AveragePool", { kernel_shape: [3, 2], strides: [1, 2], pads: [1, 0, 1, 1] });
  expect(await pool("MaxPool", { kernel_shape: [3], strides: [2] }, [2, 3, 9], ["bvlc"])).toEqual({
    bvlc: "Reshape Pooling Reshape",
  });
  await pool("MaxPool", { kernel_shape: [3, 3], strides: [2, 2], auto_pad: "SAME_UPPER" });
});

test("what Pooling cannot say is refused", async () => {
  const of = (op: string, attributes: Parameters<typeof node>[1], x: readonly number[], outputs = ["y"]) =>
    refused({ inputs: { x }, nodes: [{ ...node(op, attributes), outputs }], outputs, opset: 12 });
  await expect(of("MaxPool", { kernel_shape: [2, 2], dilations: [2, 2] }, [1, 1, 7, 7])).rejects.toThrow(
    "its window is dilated",
  );
  await expect(of("MaxPool", { kernel_shape: [2, 2, 2] }, [1, 1, 7, 7, 7])).rejects.toThrow("it has 3 spatial axes");
  await expect(of("MaxPool", { kernel_shape: [2, 2] }, [1, 1, 7, 7], ["y", "places"])).rejects.toThrow(
    "the places of the maxima",
  );
});
