import { testExport } from "../../../test/onnx/one-layer.js";

const draw = (i: number, input: string) => (input === "x1" ? [1, 0, 1.9][i % 3] : Math.sin(i));
testExport(`type: "BatchReindex"`, [[2, 3, 4], [5]], { error: 0, draw });
