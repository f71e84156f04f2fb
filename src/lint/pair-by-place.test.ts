import { expect, test } from "vitest";
import { connect } from "../core/graph.js";
import { parseNet } from "../proto/text/index.js";
import { pairByPlace } from "./pair-by-place.js";

const layer = (name: string, type: string, bottom: string, top = bottom, more = "") =>
  `layer { name: "${name}" type: "${type}" ${bottom
    .split(" ")
    .filter(Boolean)
    .map((each) => `bottom: "${each}"`)
    .join(" ")} top: "${top}" ${more} }\n`;
const conv = (name: string, bottom: string, top: string, count = 4) =>
  layer(name, "Convolution", bottom, top, `convolution_param { num_output: ${count} kernel_size: 3 }`);
const data = layer("d", "Input", "", "x");

/** The pairs of two nets whose layers have two names, as `a=b`. */
function pairsOf(a: string, b: string): readonly string[] {
  const [one, other] = [a, b].map((text) => connect(parseNet(text).message.layer)) as [
    ReturnType<typeof connect>,
    ReturnType<typeof connect>,
  ];
  return [...pairByPlace(one, other)].map(([x, y]) => `${x.name}=${y.name}`).filter((each) => !/^(.*)=\1$/.test(each));
}

test("names of layers and blobs do not count, those of inputs do", () => {
  const net = (to: string) =>
    data + conv(`c${to}`, "x", `c${to}`) + layer(`b${to}`, "BatchNorm", `c${to}`) + layer("e", "ReLU", `c${to}`);
  expect(pairsOf(net(""), net("2"))).toEqual(["c=c2", "b=b2"]);
  expect(pairsOf(net(""), net("2").replaceAll('"x"', '"z"'))).toEqual([]);
});

test("alike branches are told by the bottoms to which they lead", () => {
  const net = (to: string, order: readonly string[]) =>
    data +
    order.map((each) => conv(each + to, "x", each) + layer(`n${each}${to}`, "BatchNorm", each)).join("") +
    layer("cat", "Concat", "p q", "cat");
  expect(pairsOf(net("", ["p", "q"]), net("2", ["q", "p"]))).toEqual(["p=p2", "np=np2", "q=q2", "nq=nq2"]);
});

test("branches that nothing tells apart are left open", () => {
  const net = (to: string) => data + conv(`p${to}`, "x", "p") + conv(`q${to}`, "x", "q");
  expect(pairsOf(net(""), net("2"))).toEqual([]);
});

test("other fields make another layer, fillers do not", () => {
  const net = (to: string, count: number, filler = "") =>
    data + conv(`c${to}`, "x", "c", count).replace("kernel_size", `${filler} kernel_size`) + layer("e", "ReLU", "c");
  expect(pairsOf(net("", 4), net("2", 5))).toEqual([]);
  expect(pairsOf(net("", 4), net("2", 4, 'weight_filler { type: "msra" }'))).toEqual(["c=c2"]);
});

test("Dropout and Split, and normalizations that one net lacks, may stand between", () => {
  const net = (to: string, between: string) =>
    data + conv("c", "x", "c") + between + layer(`f${to}`, "InnerProduct", "c", "f") + layer("l", "Softmax", "f", "l");
  const norm = layer("b", "BatchNorm", "c") + layer("s", "Scale", "c");
  expect(pairsOf(net("", layer("drop", "Dropout", "c")), net("2", ""))).toEqual(["f=f2"]);
  expect(pairsOf(net("", norm), net("2", ""))).toEqual(["f=f2"]);
  expect(pairsOf(net("", ""), net("2", norm))).toEqual(["f=f2"]);
  expect(pairsOf(net("", ""), net("2", layer("r", "ReLU", "c")))).toEqual([]);
});

test("a branch that leads elsewhere is another branch", () => {
  const branch = (to: string, count: number) =>
    layer(`b${to}`, "BatchNorm", "x", `b${to}`) +
    conv(`c${to}`, `b${to}`, `c${to}`, count) +
    conv(`e${to}`, `c${to}`, `e${to}`, 1);
  const shared = data + conv("c", "x", "y");
  expect(pairsOf(shared + branch("1", 4), shared + branch("2", 9))).toEqual([]);
  expect(pairsOf(shared + branch("1", 4), shared + branch("2", 4))).toEqual(["b1=b2", "c1=c2", "e1=e2"]);
});

test("chains may be long", () => {
  const chain = (to: string) =>
    Array.from({ length: 1000 }, (_, i) => layer(`${to}${i}`, i % 2 ? "BatchNorm" : "Scale", "x")).join("");
  expect(pairsOf(data + chain("a"), data + chain("b"))).toHaveLength(1000);
  expect(pairsOf(data + chain("a"), data)).toEqual([]);
  const dropouts = Array.from({ length: 1000 }, (_, i) => layer(`o${i}`, "Dropout", "x")).join("");
  expect(pairsOf(data + dropouts + conv("c", "x", "c"), data + conv("c2", "x", "c"))).toEqual(["c=c2"]);
});
