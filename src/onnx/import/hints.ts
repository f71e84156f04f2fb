const recurrent =
  "Caffe's recurrent layers take a sequence along the first axis and a second bottom; write them by hand";

/** What could be done about an operator that has no mapping, by parts of its name. */
const rows: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [
    /^(NonMaxSuppression|TopK|RoiAlign|MaxRoiPool|NonZero|Scatter)/,
    "cut the model before it (onnx.utils.extract_model), and do the rest outside of the net",
  ],
  [/^(LSTM|GRU)$/, recurrent],
  [/^(RNN|Scan|Loop)$/, recurrent],
  [/^If$/, "simplify the model for its input's shape (onnxsim), so that the branch is chosen"],
  [/(Quantize|Integer|^Q)/, "export the model before it is quantized: the devices' tools quantize themselves"],
  [
    /^(LayerNormalization|GroupNormalization)$/,
    "export the model with an older opset (16), which writes it by its parts",
  ],
  [/^(Erf|Gelu)$/, "train with ReLU, or with the form of GELU that uses tanh"],
];

const otherwise = "replace it in the model by other operators, or cut the model before it (onnx.utils.extract_model)";

export function hintFor(operator: string): string {
  return rows.find(([pattern]) => pattern.test(operator))?.[1] ?? otherwise;
}
