import { expect, test } from "vitest";
import { NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { parseText } from "../proto/text/index.js";
import { fieldOnOneLine } from "./one-line.js";

function fieldOf(text: string) {
  const [field] = parseText(NetParameterSchema, text).tree.fields;
  if (!field) throw new Error("no field");
  return field;
}

test("a field goes on one line, without its comments", () => {
  const text = `layer {
    # a layer
    name: "a" 'b' # in two strings
    loss_weight: -1
    bottom: [ "x", # first
      "y" ]
    relu_param <
    >
    input_param { shape { dim: 1 dim: 2 } }
  }`;
  expect(fieldOnOneLine(fieldOf(text))).toBe(
    `layer { name: "a" 'b' loss_weight: -1 bottom: ["x", "y"] relu_param { } input_param { shape { dim: 1 dim: 2 } } }`,
  );
});

test("it can take another name", () => {
  expect(fieldOnOneLine(fieldOf('name: "x"'), "type")).toBe('type: "x"');
});
