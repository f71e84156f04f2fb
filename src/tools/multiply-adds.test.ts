import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { LayerParameterSchema } from "../proto/gen/caffe_pb.js";
import type { Shape } from "../util/shape.js";
import { multiplyAdds } from "./multiply-adds.js";

type Init = MessageInitShape<typeof LayerParameterSchema>;

function count(init: Init, bottoms: Shape[], tops: Shape[], params: Shape[]): number {
  return multiplyAdds({ message: create(LayerParameterSchema, init), bottoms, tops, params });
}

test("a convolution: for each output the weights of its group", () => {
  expect(count({ type: "Convolution" }, [[2, 3, 8, 8]], [[2, 5, 6, 6]], [[5, 3, 3, 3], [5]])).toBe(2 * 5 * 36 * 27);
  expect(count({ type: "Convolution" }, [[1, 4, 8, 8]], [[1, 4, 8, 8]], [[4, 1, 3, 3]])).toBe(4 * 64 * 9);
  const twice = [
    [1, 3, 4, 4, 4],
    [1, 3, 4, 4, 4],
  ];
  expect(
    count(
      { type: "Convolution" },
      twice,
      [
        [1, 2, 4, 4, 4],
        [1, 2, 4, 4, 4],
      ],
      [[2, 3, 1, 1, 1]],
    ),
  ).toBe(2 * 128 * 3);
});

test("a deconvolution: for each input the outputs it goes into", () => {
  expect(count({ type: "Deconvolution" }, [[2, 3, 4, 4]], [[2, 6, 8, 8]], [[3, 6, 2, 2], [6]])).toBe(2 * 3 * 16 * 24);
});

test("an inner product: a matrix for each row, transposed or not", () => {
  const init = { type: "InnerProduct", innerProductParam: { numOutput: 5 } };
  expect(count(init, [[4, 3, 2]], [[4, 5]], [[5, 6], [5]])).toBe(4 * 30);
  expect(count(init, [[4, 7, 6]], [[4, 7, 5]], [[6, 5]])).toBe(28 * 30);
});

test("recurrent layers: each matrix once a step and stream, the one of a static input once a stream", () => {
  const recurrentParam = { numOutput: 2 };
  const [steps, streams] = [5, 3];
  const x = [steps, streams, 4];
  const cont = [steps, streams];
  expect(count({ type: "LSTM", recurrentParam }, [x, cont], [[5, 3, 2]], [[8, 4], [8], [8, 2]])).toBe(15 * (32 + 16));
  expect(count({ type: "LSTM", recurrentParam }, [x, cont, [3, 6]], [[5, 3, 2]], [[8, 4], [8], [8, 6], [8, 2]])).toBe(
    15 * (32 + 16) + 3 * 48,
  );
  const exposed = { type: "RNN", recurrentParam: { ...recurrentParam, exposeHidden: true } };
  const state = [1, 3, 2];
  const rnn = [[2, 4], [2], [2, 2], [2, 2], [2]];
  expect(count(exposed, [x, cont, state], [[5, 3, 2], state], rnn)).toBe(15 * (8 + 4 + 4));
});

test("what works value by value counts none, whatever its name", () => {
  for (const type of ["ReLU", "Scale", "BatchNorm", "Pooling", "Eltwise", "Embed", "Mine", "constructor"]) {
    expect(count({ type }, [[2, 3]], [[2, 3]], [[3], [3]])).toBe(0);
  }
});
