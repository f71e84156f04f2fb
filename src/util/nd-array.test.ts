import { expect, test } from "vitest";
import { MokaError } from "./errors.js";
import { argmax, max, mean, min, type NdArray, reshape, slice, toNested, topIndices, transposed } from "./nd-array.js";

const array = (shape: readonly number[], values: readonly number[]): NdArray => ({
  shape,
  data: Float32Array.from(values),
});
const counted = (...shape: number[]) =>
  array(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  );
const refused = (code: string) => expect.objectContaining({ name: "MokaError", code });

test("of all values, whatever holds them: what forward returns, a list, an array with a shape", () => {
  const values = [3, -1, 7, 7, 0.5];
  for (const each of [values, Float32Array.from(values), array([5], values), array([5, 1, 1], values)]) {
    expect([argmax(each), max(each), min(each), mean(each)]).toEqual([2, 7, -1, 3.3]);
  }
  expect(mean(array([], [4]))).toBe(4);
});

// NumPy 2: np.array([[[4, 1], [0, 9]], [[4, 8], [6, 2]], [[5, 3], [7, 9]]]) along each axis.
test("along an axis, as NumPy", () => {
  const cube = array([3, 2, 2], [4, 1, 0, 9, 4, 8, 6, 2, 5, 3, 7, 9]);
  expect(argmax(cube, 0)).toEqual(array([2, 2], [2, 1, 2, 0]));
  expect(argmax(cube, 1)).toEqual(array([3, 2], [0, 1, 1, 0, 1, 1]));
  expect(argmax(cube, -1)).toEqual(array([3, 2], [0, 1, 1, 0, 0, 1]));
  expect(max(cube, 1)).toEqual(array([3, 2], [4, 9, 6, 8, 7, 9]));
  expect(min(cube, 0)).toEqual(array([2, 2], [4, 1, 0, 2]));
  expect(mean(cube, 2)).toEqual(array([3, 2], [2.5, 4.5, 6, 4, 4, 8]));
  expect(() => argmax(cube, 3)).toThrow(refused("MOKA_SHAPE"));
  expect(() => argmax(cube, 0.5)).toThrow(refused("MOKA_SHAPE"));
});

test("NaN shows, as in NumPy, and without values there is no answer", () => {
  const values = [1, Number.NaN, 5];
  expect([argmax(values), max(values), min(values), mean(values)]).toEqual([1, NaN, NaN, NaN]);
  for (const ask of [argmax, max, min, mean]) expect(() => ask([])).toThrow(refused("MOKA_USAGE"));
  expect(() => mean({ shape: [3], data: [1] })).toThrow(refused("MOKA_SHAPE"));
});

test("the greatest first, equal ones in their order, NaN last", () => {
  expect(topIndices([0.1, 0.4, Number.NaN, 0.4, 0.9], 3)).toEqual([4, 1, 3]);
  expect(topIndices([Number.NaN, -Infinity, 2], 9)).toEqual([2, 0, 1]);
});

test("reshape is a view", () => {
  const data = Float32Array.from([1, 2, 3, 4, 5, 6]);
  const view = reshape(data, [2, -1]);
  expect(view.shape).toEqual([2, 3]);
  view.data[5] = 60;
  expect(data[5]).toBe(60);
  expect(reshape(Uint8Array.of(7), [])).toEqual({ shape: [], data: Uint8Array.of(7) });
  for (const shape of [[4], [-1, -1], [4, -1], [], [-2, -3]]) {
    expect(() => reshape(view, shape)).toThrow(refused("MOKA_SHAPE"));
  }
});

test("slice is a view where the values are adjacent, and a copy elsewhere", () => {
  const cube = counted(2, 3, 4);
  const isView = (part: NdArray) => part.data.buffer === cube.data.buffer;
  const row = slice(cube, 1, 0, [1, 3]);
  expect([row, isView(row)]).toEqual([array([2], [13, 14]), true]);
  const plane = slice(cube, -1);
  expect([plane.shape, plane.data[0], isView(plane)]).toEqual([[3, 4], 12, true]);
  const all = slice(cube);
  expect([all, isView(all)]).toEqual([cube, true]);
  expect(slice(cube, [1], 2, -1)).toEqual(array([1], [23]));
  const columns = slice(cube, null, [-2], 0);
  expect([columns, isView(columns)]).toEqual([array([2, 2], [4, 8, 16, 20]), false]);
  const block = slice(cube, [0, 9], 1, [1, -1]);
  expect([block, isView(block)]).toEqual([array([2, 2], [5, 6, 17, 18]), false]);
  expect(slice(cube, [2], 0).shape).toEqual([0, 4]);
  expect(slice(cube, null, [3, 1])).toEqual(array([2, 0, 4], []));
  expect(slice(Float32Array.of(1, 2, 3), [0, -1])).toEqual(array([2], [1, 2]));
  for (const axes of [[2], [-3], [0, 0, 0, 0], [0.5], [[0, 0.5]]] as never[][]) {
    expect(() => slice(cube, ...axes), JSON.stringify(axes)).toThrow(MokaError);
  }
});

test("slice agrees with indices counted one by one", () => {
  const cube = counted(3, 4, 5);
  for (const [a, b, c] of [
    [
      [0, 2],
      [1, 3],
      [2, 5],
    ],
    [null, 2, [0, 3]],
    [1, null, [1, 2]],
    [[1, 2], [1, 2], null],
  ] as const) {
    const range = (part: readonly number[] | number | null, size: number) =>
      part === null ? [0, size] : typeof part === "number" ? [part, part + 1] : part;
    const expected: number[] = [];
    const [ranges] = [[range(a, 3), range(b, 4), range(c, 5)]];
    for (let i = ranges[0][0]; i < ranges[0][1]; i++)
      for (let j = ranges[1][0]; j < ranges[1][1]; j++)
        for (let k = ranges[2][0]; k < ranges[2][1]; k++) expected.push(i * 20 + j * 5 + k);
    expect([...slice(cube, a, b, c).data]).toEqual(expected);
  }
});

test("nested lists", () => {
  expect(toNested(counted(2, 1, 3))).toEqual([[[0, 1, 2]], [[3, 4, 5]]]);
  expect(toNested(array([], [2]))).toBe(2);
  expect(toNested(array([2, 0], []))).toEqual([[], []]);
});

test("axes in another order", () => {
  expect(transposed(counted(2, 3), [1, 0])).toEqual(array([3, 2], [0, 3, 1, 4, 2, 5]));
});

test("what holds no values is told so", () => {
  const wrong = [undefined, null, 5, "12", {}, { shape: [1] }, { prob: Float32Array.of(1) }, [[1, 2]], ["1"], [1n]];
  for (const values of wrong) {
    for (const ask of [argmax, max, mean, min, toNested])
      expect(() => ask(values as never)).toThrow(/^values are wanted: /);
    expect(() => topIndices(values as never, 1)).toThrow(/^values are wanted: /);
  }
  for (const count of [-1, 1.5, undefined]) expect(() => topIndices([1], count as number)).toThrow(/0 or more, not /);
});
