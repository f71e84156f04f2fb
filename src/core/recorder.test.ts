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
