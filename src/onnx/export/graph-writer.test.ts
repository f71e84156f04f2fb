import { expect, test } from "vitest";
import { valueInfo } from "../model.js";
import { GraphWriter } from "./graph-writer.js";

const info = (name: string) => valueInfo(name, [1]);

test("names are unique, also in a body", () => {
  const graph = new GraphWriter(13, ["x"]);
  const body = graph.body();
  expect([graph.name("x"), graph.name("y"), body.name("y"), graph.name("y")]).toEqual(["x_2", "y", "y_2", "y_3"]);
});

test("a small constant is stored once; 0 and -0, integers and floats, and shapes are different", () => {
  const graph = new GraphWriter(13);
  expect(graph.floats([1, 2])).toBe(graph.floats([1, 2]));
  const names = [graph.floats([0]), graph.floats([-0]), graph.ints([0]), graph.floats([0], [])];
  expect(new Set(names).size).toBe(4);
  expect(graph.constantOf(names[2] ?? "")?.type).toBe("int");
  expect(graph.constantOf("other")).toBeUndefined();
});

test("a graph has only the nodes and constants that its outputs need, also those that a body reads", () => {
  const graph = new GraphWriter(13, ["x", "y"]);
  const used = graph.floats(Array(20).fill(1), [20], "used");
  const unused = graph.floats(Array(20).fill(2), [20], "unused");
  const body = graph.body();
  body.add("Add", ["x", used], {}, "inner", ["inner_y"]);
  graph.add("Loop", ["", "", "x"], { body: body.graph("body", [], [info("inner_y")]) }, "loop", ["y"]);
  graph.add("Add", ["x", unused], {}, "alone", 1);
  const { node, initializer } = graph.graph("g", [info("x")], [info("y")]);
  expect(node.map(({ opType }) => opType)).toEqual(["Loop"]);
  expect(initializer.map(({ name }) => name)).toEqual(["used"]);
});

test("a value is renamed where it is made and read, from a node on", () => {
  const graph = new GraphWriter(13);
  graph.add("Relu", ["x"], {}, "a", ["v"]);
  graph.add("Abs", ["v"], {}, "b", ["w"]);
  graph.rename("v", "top", 0);
  graph.rename("top", "other", 1);
  expect(graph.nodes.map(({ input, output }) => [input, output])).toEqual([
    [["x"], ["top"]],
    [["other"], ["w"]],
  ]);
});

test("attributes that are undefined are left out", () => {
  const graph = new GraphWriter(13);
  graph.add("Relu", ["x"], { alpha: undefined, axis: 1 }, "a", 1);
  expect(graph.nodes[0]?.attribute.map(({ name }) => name)).toEqual(["axis"]);
});
