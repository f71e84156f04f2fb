import { expect, test } from "vitest";
import { layersOf } from "./layers.js";

const named = (text: string) => layersOf(text).map(({ name, from, to }) => [name, text.slice(from, to)]);

test("layers with their names, wherever the name stands", () => {
  const text =
    'name: "net" # layer {\nlayer { type: "X" param { name: "w" } name: \'a"b\' }\nlayers < name: "c">\ninput: "d"';
  expect(named(text)).toEqual([
    ['a"b', 'layer { type: "X" param { name: "w" } name: \'a"b\' }'],
    ["c", 'layers < name: "c">'],
  ]);
});

test("a layer that is being typed goes to the end", () => {
  expect(named('layer { name: "a" }\nlayer { nam')).toEqual([
    ["a", 'layer { name: "a" }'],
    ["", "layer { nam"],
  ]);
  expect(named("} } layer {")).toEqual([["", "layer {"]]);
  expect(named('layer { name: "a')).toEqual([["a", 'layer { name: "a']]);
});
