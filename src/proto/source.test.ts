import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { LayerParameterSchema } from "./gen/caffe_pb.js";
import { commentsOf, copyMessage, copySideData, placeOf, setSource, sourceOf, unknownFieldsOf } from "./source.js";
import { parseNet } from "./text/index.js";

const text = `name: "net"
layer {
  name: "a"  # the name
  bottom: ["x",
           "y"] bottom: "z"
  fork: 1
  convolution_param { num_output: 5 kernel_size: [3, oops, 4] }
}
layer: [{ name: "b" }, { name: "c" }]
`;
const { message } = parseNet(text, { file: "deploy.prototxt" });
const at = (line: number, column: number) => ({ file: "deploy.prototxt", line, column });

test("every message knows its file and its place", () => {
  expect(sourceOf(message)).toMatchObject({ file: "deploy.prototxt", place: at(1, 1) });
  expect(message.layer.map((layer) => sourceOf(layer)?.place)).toEqual([at(2, 1), at(9, 9), at(9, 24)]);
  expect(sourceOf(message.layer[0].convolutionParam ?? message)?.place).toEqual(at(7, 3));
});

test("a text without a name has places all the same", () => {
  expect(sourceOf(parseNet("layer { }").message.layer[0])?.place).toEqual({ file: undefined, line: 1, column: 1 });
});

test("every value knows its place", () => {
  const [layer] = message.layer;
  expect(placeOf(layer, "name")).toEqual(at(3, 3));
  expect([0, 1, 2].map((index) => placeOf(layer, "bottom", index))).toEqual([at(4, 12), at(5, 12), at(5, 17)]);
  expect(sourceOf(message)?.fields?.get("layer")).toEqual([at(2, 1), at(9, 9), at(9, 24)]);
});

test("values that could not be read do not count", () => {
  const convolution = message.layer[0].convolutionParam ?? message;
  expect(convolution).toMatchObject({ kernelSize: [3, 4] });
  expect(sourceOf(convolution)?.fields?.get("kernel_size")).toEqual([at(7, 51), at(7, 60)]);
});

test("of a field given again the last place counts, of a message the first and the fields of all", () => {
  const { message: again } = parseNet("name: 'a' name: 'b' state { level: 1 } state { level: 2 stage: 'x' }");
  expect(sourceOf(again)?.fields?.get("name")).toHaveLength(1);
  expect(placeOf(again, "name")).toMatchObject({ column: 11 });
  const state = again.state ?? again;
  expect(sourceOf(state)?.place).toMatchObject({ column: 21 });
  expect(placeOf(state, "level")).toMatchObject({ column: 48 });
  expect(placeOf(state, "stage")).toMatchObject({ column: 57 });
});

test("a field that was not given has the place of its message; a message made by a program has no place", () => {
  expect(placeOf(message.layer[0], "top")).toEqual(at(2, 1));
  expect(placeOf(message.layer[0], "bottom", 7)).toEqual(at(2, 1));
  expect(placeOf(create(LayerParameterSchema), "top")).toBeUndefined();
  expect(sourceOf(create(LayerParameterSchema))).toBeUndefined();
  expect(unknownFieldsOf(create(LayerParameterSchema))).toEqual([]);
});

test("a source can be set by hand", () => {
  const layer = create(LayerParameterSchema);
  setSource(layer, { place: { line: 3, column: 4 } });
  setSource(layer, undefined);
  expect(placeOf(layer, "name")).toEqual({ line: 3, column: 4 });
});

test("a copy has its own lists, shares the rest, and has all side data", () => {
  const [layer] = message.layer;
  const copy = copyMessage(LayerParameterSchema, layer);
  expect(copy).toEqual(layer);
  copy.bottom.push("more");
  copy.name = "other";
  expect(layer).toMatchObject({ name: "a", bottom: ["x", "y", "z"] });
  expect(copy.convolutionParam).toBe(layer.convolutionParam);
  expect(sourceOf(copy)).toBe(sourceOf(layer));
  expect(commentsOf(copy)).toBe(commentsOf(layer));
  expect(commentsOf(copy)?.values.get("name")).toEqual([{ leading: [], trailing: "# the name" }]);
  expect(unknownFieldsOf(copy)).toMatchObject([{ name: "fork" }]);
  expect(Object.hasOwn(copy, "type")).toBe(false);
});

test("side data can be given to a message of another kind", () => {
  const upgraded = create(LayerParameterSchema);
  copySideData(message.layer[0], upgraded);
  expect(unknownFieldsOf(upgraded)).toHaveLength(1);
  expect(placeOf(upgraded, "name")).toEqual(at(3, 3));
});
