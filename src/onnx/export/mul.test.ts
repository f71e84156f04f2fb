import { testExport } from "../../../test/onnx/one-layer.js";

testExport(
  `type: "Mul"`,
  [
    [2, 3, 4],
    [2, 1, 4],
  ],
  { error: 0 },
);
testExport(
  `type: "Mul"`,
  [
    [2, 3, 1],
    [3, 4],
  ],
  { error: 0 },
);
testExport(`type: "Mul" mul_param { mul_shape: 3 mul_shape: 1 }`, [[2, 3, 4]], {
  error: 0,
  params: [
    [
      [3, 1],
      [0.5, -2, 3],
    ],
  ],
});
testExport(`type: "Mul"`, [[2, 3]], { error: 0, params: [[[], [1.5]]] });
