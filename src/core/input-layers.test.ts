import { expect, test } from "vitest";
import { LayerParameterSchema } from "../proto/gen/caffe_pb.js";
import { formatText, parseNet } from "../proto/text/index.js";
import { asInput, givenShapes, inputLayer } from "./input-layers.js";

const shapes = new Map([
  ["data", [2, 3, 4, 4]],
  ["label", [2]],
  ["w", [5]],
]);

function layer(text: string) {
  const [message] = parseNet(`layer { name: "l" ${text} }`).message.layer;
  if (!message) throw new Error("one layer");
  return message;
}

test("an Input layer has a top of each shape", () => {
  expect(formatText(LayerParameterSchema, inputLayer("in", shapes)).replaceAll(/\s+/g, " ")).toBe(
    'name: "in" type: "Input" top: "data" top: "label" top: "w" input_param { ' +
      "shape { dim: 2 dim: 3 dim: 4 dim: 4 } shape { dim: 2 } shape { dim: 5 } } ",
  );
});

test("a data layer whose shapes are given becomes one, under its name and in its phase", () => {
  const data = layer('type: "Data" top: "label" top: "data" include { phase: TEST } data_param { source: "gone" }');
  expect(givenShapes(data, shapes)).toEqual([[2], [2, 3, 4, 4]]);
  const input = asInput(data, shapes);
  expect(input).toMatchObject({ name: "l", type: "Input", top: ["label", "data"], include: data.include });
  expect(input).toMatchObject({ inputParam: { shape: [{ dim: [2n] }, { dim: [2n, 3n, 4n, 4n] }] } });
  expect(input.dataParam).toBeUndefined();
  expect(data.type).toBe("Data");
});

test.each([
  ["a top without a shape", 'type: "Data" top: "data" top: "mask"'],
  ["a layer that learns its top", 'type: "Parameter" top: "w"'],
  ["a layer with a bottom", 'type: "ReLU" bottom: "data" top: "data"'],
  ["a layer without tops", 'type: "Silence"'],
  ["a name that every object has", 'type: "Data" top: "constructor"'],
])("stays as it is: %s", (_, text) => {
  const message = layer(text);
  expect(givenShapes(message, shapes)).toBeUndefined();
  expect(asInput(message, shapes)).toBe(message);
});
