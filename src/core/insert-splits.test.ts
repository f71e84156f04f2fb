import { expect, test } from "vitest";
import { NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { formatText, parseNet } from "../proto/text/index.js";
import { insertSplits } from "./insert-splits.js";

/** `name(bottoms -> tops)` of each layer after inserting splits. */
function split(text: string): string[] {
  return insertSplits(parseNet(text).message.layer).map(
    ({ name, bottom, top }) => `${name}(${bottom.join(" ")} -> ${top.join(" ")})`,
  );
}

const layer = (name: string, bottoms: string, tops: string, rest = "") => {
  const list = (field: string, names: string) => names.split(" ").map((each) => (each ? `${field}: "${each}" ` : ""));
  return `layer { name: "${name}" type: "T" ${list("bottom", bottoms).join("")}${list("top", tops).join("")}${rest} }\n`;
};

test("leaves a chain as it is", () => {
  expect(split(layer("d", "", "x") + layer("a", "x", "y"))).toEqual(["d( -> x)", "a(x -> y)"]);
});

test("splits a blob that two layers read, and names the split as Caffe does", () => {
  expect(split(layer("d", "", "x") + layer("a", "x", "y") + layer("b", "x", "z"))).toEqual([
    "d( -> x)",
    "x_d_0_split(x -> x_d_0_split_0 x_d_0_split_1)",
    "a(x_d_0_split_0 -> y)",
    "b(x_d_0_split_1 -> z)",
  ]);
});

test("splits after the last in-place layer, of which the readers read", () => {
  expect(split(layer("d", "", "x") + layer("r", "x", "x") + layer("a", "x", "y") + layer("b", "x", "z"))).toEqual([
    "d( -> x)",
    "r(x -> x)",
    "x_r_0_split(x -> x_r_0_split_0 x_r_0_split_1)",
    "a(x_r_0_split_0 -> y)",
    "b(x_r_0_split_1 -> z)",
  ]);
});

test("counts one layer that reads a blob twice", () => {
  expect(split(layer("d", "", "w x") + layer("a", "x x", "y"))[1]).toBe(
    "x_d_1_split(x -> x_d_1_split_0 x_d_1_split_1)",
  );
});

test("gives a loss weight to the first of the tops", () => {
  const text = layer("d", "", "x") + layer("loss", "x", "l", "loss_weight: 2") + layer("a", "l", "y");
  const layers = insertSplits(parseNet(text).message.layer);
  expect(layers.map(({ lossWeight }) => lossWeight)).toEqual([[], [], [2, 0], []]);
  expect(layers.at(-1)?.bottom).toEqual(["l_loss_0_split_1"]);
});

test("leaves the message it was given alone", () => {
  const { message } = parseNet(layer("d", "", "x") + layer("a", "x", "y") + layer("b", "x", "z"));
  const before = formatText(NetParameterSchema, message);
  insertSplits(message.layer);
  expect(formatText(NetParameterSchema, message)).toBe(before);
});

test("names a bottom nobody produces, and what there is", () => {
  expect(() => split(layer("d", "", "x") + layer("a", "y", "z"))).toThrow(
    '<text>:2:1: layer "a" (T): bottom 0 is "y", which no layer above produces; there are "x"',
  );
});
