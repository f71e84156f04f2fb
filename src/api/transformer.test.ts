import { expect, test } from "vitest";
import { Transformer } from "./transformer.js";

const picture = (height: number, width: number, channels = 3) => ({
  shape: [height, width, channels],
  data: Float32Array.from({ length: height * width * channels }, (_, i) => i / 12),
});

function close(values: ArrayLike<number>, expected: readonly number[], digits = 4): void {
  expect(values.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(values[i]).toBeCloseTo(value, digits);
}

test("preprocess and deprocess do what pycaffe does", () => {
  const transformer = new Transformer({ data: [1, 3, 2, 2] });
  transformer.setTranspose("data", [2, 0, 1]);
  transformer.setChannelSwap("data", [2, 1, 0]);
  transformer.setRawScale("data", 255);
  transformer.setMean("data", { shape: [3], data: [104, 117, 123] });
  transformer.setInputScale("data", 0.5);
  const image = picture(2, 2);
  const before = image.data.slice();
  const { shape, data } = transformer.preprocess("data", image);
  expect(shape).toEqual([3, 2, 2]);
  close(data, [-30.75, 1.125, 33, 64.875, -47.875, -16, 15.875, 47.75, -61.5, -29.625, 2.25, 34.125]);
  expect(image.data).toEqual(before);
  const back = transformer.deprocess("data", { shape: [1, 3, 2, 2], data });
  expect(back.shape).toEqual([2, 2, 3]);
  close(back.data, [...before], 6);
});

test("by default it only resizes to the input's size", () => {
  const transformer = new Transformer({ data: [1, 3, 2, 2] });
  expect(transformer.preprocess("data", picture(4, 6)).shape).toEqual([2, 2, 3]);
  expect(transformer.preprocess("data", picture(2, 2))).toEqual(picture(2, 2));
});

test("a mean image of another size is resized", () => {
  const transformer = new Transformer({ data: [1, 3, 2, 2] });
  transformer.setTranspose("data", [2, 0, 1]);
  transformer.setMean("data", { shape: [3, 3, 3], data: Array.from({ length: 27 }, (_, i) => i ** 2) });
  const zeros = { shape: [2, 2, 3], data: new Float32Array(12) };
  const mean = [2.875, 8.125, 32.125, 50.875, 101.875, 134.125, 212.125, 257.875, 362.875, 422.125, 554.125, 626.875];
  close(
    transformer.preprocess("data", zeros).data.map((value) => -value),
    mean,
    3,
  );
});

test("a mean of height × width is subtracted from each channel", () => {
  const transformer = new Transformer({ data: [1, 3, 1, 2] });
  transformer.setTranspose("data", [2, 0, 1]);
  transformer.setMean("data", { shape: [1, 2], data: [1, 2] });
  close(transformer.preprocess("data", { shape: [1, 2, 3], data: new Float32Array(6) }).data, [-1, -2, -1, -2, -1, -2]);
});

test("deprocess works for gray images too", () => {
  const transformer = new Transformer({ data: [1, 1, 2, 2] });
  transformer.setTranspose("data", [2, 0, 1]);
  const blob = transformer.preprocess("data", picture(2, 2, 1));
  expect(transformer.deprocess("data", { shape: [1, 1, 2, 2], data: blob.data })).toEqual(picture(2, 2, 1));
});

test("steps that do not fit the input are refused", () => {
  const transformer = new Transformer({ data: [1, 3, 2, 2] });
  expect(() => transformer.setRawScale("date", 1)).toThrow('"date" is not one of the net\'s inputs: data');
  expect(() => transformer.setTranspose("data", [0, 1])).toThrow(/not an order of the 3 axes/);
  expect(() => transformer.setChannelSwap("data", [1, 0])).toThrow(/3 channels/);
  expect(() => transformer.setMean("data", { shape: [2], data: [1, 2] })).toThrow(/mean has 2 channels/);
  expect(() => transformer.setMean("data", { shape: [1, 3, 2, 2], data: new Array(12).fill(0) })).toThrow(/axes/);
});
