import { expect, test } from "vitest";
import { ReferenceEngine } from "../engines/reference/index.js";
import { record } from "./recorder.js";

test("kernels can be called apart from their recorder", () => {
  const engine = new ReferenceEngine();
  const [first, second] = [record(3, "first", engine, true), record(4, "second", engine, true)];
  const { relu, span, host } = first.recorder;
  const { relu: other } = second.recorder;
  const [x, y] = [span("x", 2), span("y", 2)];
  relu({ x, y, negativeSlope: 0 });
  other({ x: y, y, negativeSlope: 1 });
  host("a step", () => {});
  expect(first.steps).toMatchObject([
    { kernel: "relu", layer: 3, args: { x, y, negativeSlope: 0 } },
    { kind: "host", layer: 3, label: "a step" },
  ]);
  expect(second.steps).toMatchObject([{ kernel: "relu", layer: 4, args: { x: y, y, negativeSlope: 1 } }]);
  expect(first.spans).toEqual([x, y]);
});

test("a call without one of its arguments is an error, as layers in JavaScript may have it", () => {
  const { recorder: k, steps } = record(0, "own", new ReferenceEngine(), true);
  const [x, y] = [k.span("x", 2), k.span("y", 2)];
  expect(() => Reflect.apply(k.relu, k, [{ x, y, slope: 0 }])).toThrow('k.relu lacks its argument "negativeSlope"');
  expect(() => Reflect.apply(k.abs, k, [{ x }])).toThrow('k.abs lacks its argument "y"');
  k.maxPool({
    ...{ x, y, mask: undefined, planes: 1, input: [1, 2], output: [1, 2], kernel: [1, 1], stride: [1, 1], pad: [0, 0] },
  });
  expect(steps).toHaveLength(1);
});
