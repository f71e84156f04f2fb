import { expect, test } from "vitest";
import { connect } from "../../core/graph.js";
import type { LayerParameter } from "../../proto/gen/caffe_pb.js";
import { parseNet } from "../../proto/text/index.js";
import { guessedChanges, type Kinds, segmentBefore, unshared, upstream, withEps, withLayers } from "./variants.js";

const { message } = parseNet(`
  layer { name: "data" type: "Input" top: "data" }
  layer { name: "c1" type: "Convolution" bottom: "data" top: "c1" }
  layer { name: "b1" type: "BatchNorm" bottom: "c1" top: "c1" param { name: "m" lr_mult: 0 } batch_norm_param { eps: 0.5 } }
  layer { name: "s1" type: "Scale" bottom: "c1" top: "c1" }
  layer { name: "r1" type: "ReLU" bottom: "c1" top: "c1" }
  layer { name: "p1" type: "Pooling" bottom: "c1" top: "p1" pooling_param { pool: AVE kernel_size: 2 } }
  layer { name: "c2" type: "Convolution" bottom: "p1" top: "c2" include { phase: TEST } }
  layer { name: "sum" type: "Eltwise" bottom: "c2" bottom: "p1" top: "sum" }
  layer { name: "b2" type: "BatchNorm" bottom: "sum" top: "b2" }`);
const graph = connect(message.layer);
const layer = (name: string) => message.layer.find((each) => each.name === name) as LayerParameter;
const namesOf = (layers: Iterable<LayerParameter>) => [...layers].map(({ name }) => name);
const affine = ["BatchNorm", "Scale"];
const kinds: Kinds = {
  isActivation: ({ type }) => type === "ReLU",
  isAffine: ({ type }) => affine.includes(type),
  isLinear: ({ type }) => ["Convolution", "Eltwise", ...affine].includes(type),
};

test("a segment goes back to the BatchNorm before, and upstream is all that is in front", () => {
  expect(namesOf(segmentBefore(graph, layer("b2")))).toEqual(["b1", "s1", "r1", "p1", "c2", "sum"]);
  expect(namesOf(segmentBefore(graph, layer("b1")))).toEqual(["data", "c1"]);
  expect(namesOf(upstream(graph, layer("b2"))).sort()).toEqual(
    ["data", "c1", "b1", "s1", "r1", "p1", "c2", "sum"].sort(),
  );
});

test("guesses are an activation less, the other pooling, and a ReLU where neither activation nor normalization follows", () => {
  const guesses = guessedChanges(graph, segmentBefore(graph, layer("b2")), kinds);
  expect(guesses.map(({ text }) => text)).toEqual([
    'no ReLU "r1"',
    'MAX pooling in "p1" instead of AVE',
    'a ReLU behind "c2"',
  ]);
  const [without, pooled, added] = guesses.map((change) => change.apply(message).layer);
  expect(without?.find(({ name }) => name === "r1")).toMatchObject({ type: "Power", bottom: ["c1"], top: ["c1"] });
  expect(pooled?.find(({ name }) => name === "p1")?.poolingParam).toMatchObject({ pool: 0, kernelSize: 2 });
  const at = added?.findIndex(({ name }) => name === "c2") ?? 0;
  expect(added?.[at + 1]).toMatchObject({ type: "ReLU", bottom: ["c2"], top: ["c2"] });
  expect(added?.[at + 1]?.include).toEqual(layer("c2").include);
});

test("a guess leaves the net as it was", () => {
  const before = JSON.stringify(message);
  for (const change of guessedChanges(graph, graph.layers, kinds)) change.apply(message);
  withEps(message, new Set(["b1"]), 1);
  unshared(message);
  expect(JSON.stringify(message)).toBe(before);
});

test("eps changes in the layers named, and names of shared averages go while their multipliers stay", () => {
  const changed = withEps(message, new Set(["b2", "c1"]), 0.25);
  const epsOf = (name: string) => changed.layer.find((each) => each.name === name)?.batchNormParam?.eps;
  expect([epsOf("b1"), epsOf("b2"), epsOf("c1")]).toEqual([0.5, 0.25, undefined]);
  const own = unshared(message).layer.find(({ name }) => name === "b1");
  expect(own?.param.map(({ name, lrMult }) => [name, lrMult])).toEqual([["", 0]]);
});

test("a layer may become none or several", () => {
  const of = (count: number) => withLayers(message, (each) => (each.name === "s1" ? Array(count).fill(each) : each));
  expect([of(0).layer.length, of(2).layer.length]).toEqual([message.layer.length - 1, message.layer.length + 1]);
});
