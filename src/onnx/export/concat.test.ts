import { testExport } from "../../../test/onnx/one-layer.js";

for (const axis of [0, 1, 2, -1]) {
  testExport(
    `type: "Concat" concat_param { axis: ${axis} }`,
    [
      [2, 3, 4],
      [2, 3, 4],
      [2, 3, 4],
    ],
    { error: 0 },
  );
}
testExport(
  `type: "Concat" concat_param { concat_dim: 1 }`,
  [
    [2, 3, 4],
    [2, 1, 4],
  ],
  { error: 0 },
);
testExport(
  `type: "Concat"`,
  [
    [1, 1],
    [1, 1],
  ],
  { error: 0 },
);
testExport(
  `type: "Concat" concat_param { axis: 0 }`,
  [
    [2, 3],
    [4, 3],
  ],
  { error: 0 },
);
// A single bottom is passed on.
testExport(`type: "Concat"`, [[2, 3]], { error: 0 });
