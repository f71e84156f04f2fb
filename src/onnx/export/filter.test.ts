import { expect, test } from "vitest";
import { exported } from "../../../test/onnx/exported.js";
import { oneLayer } from "../../../test/onnx/one-layer.js";

test("Filter is refused", async () => {
  await expect(exported(oneLayer(`type: "Filter"`, [2, 3], [2]))).rejects.toThrow(
    `layer "layer" (Filter): it cannot be written as ONNX: the number of items that it passes on depends on the values of its selector`,
  );
});
