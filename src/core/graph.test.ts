import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { type LayerParameter, LayerParameterSchema } from "../proto/gen/caffe_pb.js";
import { parseNet } from "../proto/text/index.js";
import { connect, type End, type Graph, type Value } from "./graph.js";

/** Layers as `name(bottoms -> tops)`, one a line. */
function graphOf(text: string): Graph {
  const lines = text.trim().split("\n");
  const layers = lines.map((line) => {
    const [, name, bottoms, tops] = /(\w+)\(([\w ]*)->([\w ]*)\)/.exec(line) ?? [];
    const fields = (field: string, names = "") => names.replace(/\w+/g, `${field}: "$&" `);
    return `layer { name: "${name}" type: "T" ${fields("bottom", bottoms)} ${fields("top", tops)} }`;
  });
  return connect(parseNet(layers.join("\n")).message.layer);
}

const named = ({ layer, index }: End) => `${layer.name}.${index}`;
const shown = ({ name, maker, readers }: Value) =>
  `${maker ? named(maker) : "nothing"} -${name}-> ${readers.map(named).join(" ")}`.trim();
const at = (graph: Graph, index: number) => graph.layers[index] as LayerParameter;

describe("values", () => {
  test("go from the layer that makes them to all that read them, in order", () => {
    const graph = graphOf("d(->x y)\na(x->z)\nb(z x->w)");
    expect(graph.values.map(shown)).toEqual(["d.0 -x-> a.0 b.1", "d.1 -y->", "a.0 -z-> b.0", "b.0 -w->"]);
    expect(graph.problems).toEqual([]);
  });

  test("of one name are versions of a blob, which layers in place make of one another", () => {
    const graph = graphOf("d(->x)\nbn(x->x)\nrelu(x->x)\na(x->y)");
    const [data, bn, relu] = graph.values;
    expect(graph.values.map(shown)).toEqual(["d.0 -x-> bn.0", "bn.0 -x-> relu.0", "relu.0 -x-> a.0", "a.0 -y->"]);
    expect([data?.previous, data?.next, bn?.previous, bn?.next, relu?.next]).toEqual([
      undefined,
      bn,
      data,
      relu,
      undefined,
    ]);
    expect(graph.values.map(({ inPlace }) => inPlace)).toEqual([false, true, true, false]);
    expect(graph.layers.map((layer) => graph.isInPlace(layer))).toEqual([false, true, true, false]);
    expect(graph.problems).toEqual([]);
  });

  test("in place are those alone whose bottom has the same index", () => {
    const graph = graphOf("d(->x)\nc(->y)\ne(y x->x)");
    expect(graph.isInPlace(at(graph, 2))).toBe(false);
    expect(graph.problems).toMatchObject([{ kind: "made twice", index: 0, value: { name: "x" } }]);
  });

  test("that a layer reads twice have it twice among their readers", () => {
    const graph = graphOf("d(->x)\na(x x->y)");
    expect(graph.readers(at(graph, 0)).map(named)).toEqual(["a.0", "a.1"]);
  });

  test("are the inputs and outputs of a part of a net, where nothing makes or reads them", () => {
    const graph = graphOf("r(x->x)\na(x l->y z)\nb(y->v)\nc(l->w)");
    expect(graph.inputs.map(shown)).toEqual(["nothing -x-> r.0", "nothing -l-> a.1 c.0"]);
    expect(graph.outputs.map(({ name }) => name)).toEqual(["z", "v", "w"]);
  });
});

test("a layer has its makers and readers by bottom and top", () => {
  const graph = graphOf("d(->x y)\na(y nobody->z)\nb(z->w)");
  const [data, a, b] = [0, 1, 2].map((index) => at(graph, index)) as [LayerParameter, LayerParameter, LayerParameter];
  expect(graph.makers(a)).toEqual([{ layer: data, index: 1 }, undefined]);
  expect([graph.maker(a), graph.maker(a, 1), graph.maker(data)]).toEqual([data, undefined, undefined]);
  expect([graph.readers(data), graph.readers(data, 1), graph.readers(b)]).toEqual([[], [{ layer: a, index: 0 }], []]);
  expect([...graph.madeAbove(b)]).toEqual(["x", "y", "z"]);
  const stranger = create(LayerParameterSchema, { name: "a", bottom: ["y"] });
  expect([graph.has(a), graph.has(stranger), graph.bottoms(stranger)]).toEqual([true, false, []]);
});

describe("what is no net", () => {
  const kinds = (graph: Graph) => graph.problems.map(({ kind, layer, index }) => `${kind} ${layer.name}.${index}`);

  test("has its problems, in order", () => {
    const graph = graphOf("a(x->y)\nd(->x)\nb(y->z)\nc(->y)\ne(x q->x)\nf(x->u)\ng(x->x)\nh(x->v)");
    expect(kinds(graph)).toEqual(["unknown bottom a.0", "made twice c.0", "unknown bottom e.1", "shared in place g.0"]);
    expect(graph.values.map(shown)).toContain("g.0 -x-> h.0");
  });

  test("knows who makes an unknown bottom further down, which is no top made twice", () => {
    const graph = graphOf("a(x->y)\nd(->x)\nb(x->z)");
    const [problem] = graph.problems;
    expect(problem?.value.next?.maker?.layer.name).toBe("d");
    expect(graph.maker(at(graph, 2))?.name).toBe("d");
    expect(kinds(graph)).toEqual(["unknown bottom a.0"]);
  });

  test("has the first of each name for those that bear it again", () => {
    const { namesakes, layers } = graphOf("a(->x)\nb(x->y)\na(y->z)\na(z->w)");
    expect(namesakes).toEqual([
      { layer: layers[2], first: layers[0] },
      { layer: layers[3], first: layers[0] },
    ]);
  });

  test.each([
    [
      "unknown bottom",
      "d(->x y)\na(z->w)",
      '2:1: layer "a" (T): bottom 0 is "z", which no layer above produces; there are "x", "y"',
    ],
    ["unknown bottom", "a(z->w)", '1:1: layer "a" (T): bottom 0 is "z", which no layer above produces'],
    ["made twice", "a(->x)\nb(->x)", '2:1: layer "b" (T): top "x" is already produced by layer "a"'],
    ["made twice", "a(->x x)", '1:1: layer "a" (T): top "x" is already produced by layer "a"'],
    [
      "shared in place",
      "d(->x)\na(x->y)\nr(x->x)",
      'layer "r" (T): top "x" is already produced by layer "d"; it works in place on what "a" reads too',
    ],
    ["shared in place", "d(->x)\na(x->y)\nb(x->z)\nr(x->x)", 'it works in place on what "a", "b" read too'],
  ] as const)("throws for %s if asked to: %j", (kind, text, message) => {
    const graph = graphOf(text);
    expect(() => graph.check(kind)).toThrow(message);
    expect(() => graph.check()).not.toThrow();
  });
});

test("a loss weight counts as a reader", () => {
  const layers = [
    create(LayerParameterSchema, { name: "d", type: "T", top: ["x"], lossWeight: [1] }),
    create(LayerParameterSchema, { name: "r", type: "T", bottom: ["x"], top: ["x"] }),
  ];
  const graph = connect(layers);
  expect(graph.values.map((value) => graph.splits(value))).toEqual([2, 0]);
  expect(() => graph.check("shared in place")).toThrow(
    'layer "r" (T): top "x" is already produced by layer "d"; it works in place on what has a loss_weight',
  );
});

test("grows with the net, not with its square", () => {
  const text = (name: string, bottom: string[], top: string[]) =>
    create(LayerParameterSchema, { name, type: "T", bottom, top });
  const layers = [text("d", [], ["x", "label"])];
  for (let i = 0; i < 30_000; i++) {
    layers.push(text(`r${i}`, ["x"], ["x"]), text(`l${i}`, ["x", "label"], [`loss${i}`]));
  }
  const start = performance.now();
  const graph = connect(layers);
  expect(graph.values.length).toBe(60_002);
  expect(graph.readers(at(graph, 0), 1).length).toBe(30_000);
  // 0.1 s in 2026; looking for each value among all would take minutes.
  expect(performance.now() - start).toBeLessThan(5000);
});
