import { expect, test } from "vitest";
import { parseNet } from "../../proto/text/index.js";
import { separateNorms } from "./separate.js";

const separated = (text: string) =>
  separateNorms(parseNet(text).message.layer).map(
    ({ name, bottom, top }) => `${bottom.join(",")} ${name} ${top.join(",")}`,
  );

test("all that reads a BatchNorm in place, and works in place on it, follows; what is made anew keeps its name", () => {
  const text = `
    layer { name: "data" type: "Input" top: "a" }
    layer { name: "bn" type: "BatchNorm" bottom: "a" top: "a" }
    layer { name: "scale" type: "Scale" bottom: "a" top: "a" }
    layer { name: "bn2" type: "BatchNorm" bottom: "a" top: "a" }
    layer { name: "relu" type: "ReLU" bottom: "a" top: "a" }
    layer { name: "conv" type: "Convolution" bottom: "a" top: "b" }
    layer { name: "bn3" type: "BatchNorm" bottom: "b" top: "c" }`;
  expect(separated(text)).toEqual([
    " data a",
    "a bn a/bn",
    "a/bn scale a/bn",
    "a/bn bn2 a/bn/bn2",
    "a/bn/bn2 relu a/bn/bn2",
    "a/bn/bn2 conv b",
    "b bn3 c",
  ]);
});

test("a name that is taken is not taken again", () => {
  const text = `
    layer { name: "data" type: "Input" top: "a" top: "a/bn" }
    layer { name: "bn" type: "BatchNorm" bottom: "a" top: "a" }
    layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "a/bn" top: "b" }`;
  expect(separated(text)).toEqual([" data a,a/bn", "a bn a/bn'", "a/bn',a/bn sum b"]);
});
