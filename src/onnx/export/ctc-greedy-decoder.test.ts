import { expect, test } from "vitest";
import { exported } from "../../../test/onnx/exported.js";
import { oneLayer, testExport } from "../../../test/onnx/one-layer.js";

/** Scores whose best classes are these, frame by frame; one frame has equal scores. */
const draw = (i: number) => [0, 1, 0, 2, 2, 0, 1, 1, 1, 0, 0, 3, 2, 0, 0, 1, 0, 2, 5, 1, 0, 7, 7][(i * 3) % 23];
for (const param of ["", "ctc_merge_repeated: false", "blank_index: -1", "blank_index: 2"]) {
  testExport(`type: "CTCGreedyDecoder" ctc_decoder_param { ${param} }`, [[7, 3, 4]], { error: 0, draw, batch: 0 });
}
testExport(`type: "CTCGreedyDecoder"`, [[1, 2, 4, 1]], { error: 0, draw, batch: 0 });

test("with labels it is left out", async () => {
  await expect(exported(oneLayer(`type: "CTCGreedyDecoder"`, [7, 3, 4], [3, 5]))).rejects.toThrow("has no outputs");
});
