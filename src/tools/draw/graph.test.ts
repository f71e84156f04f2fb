import { expect, test } from "vitest";
import { parseNet } from "../../proto/text/index.js";
import { netGraph } from "./graph.js";

const layer = (name: string, bottoms: string, tops: string) =>
  `layer { name: "${name}" type: "T" ${bottoms.replace(/\w+/g, 'bottom: "$&"')} ${tops.replace(/\w+/g, 'top: "$&"')} }`;

function graphOf(...layers: string[]) {
  const phase = { phase: "TEST", layers: parseNet(layers.join("\n")).message.layer, shapes: new Map() } as const;
  const { layers: boxes, blobs, edges } = netGraph([phase]);
  const nameOf = (id: string) =>
    boxes
      .find((box) => box.id === id)
      ?.layers.map(({ name }) => name)
      .join("+") ?? id;
  return {
    boxes: boxes.map(({ id }) => nameOf(id)),
    blobs: blobs.map(({ id }) => id),
    edges: edges.map(({ from, to, blob }) => `${nameOf(from)} -${blob}-> ${nameOf(to)}`),
  };
}

test("layers in place stand in the box of the layer whose top they change", () => {
  const { boxes, edges } = graphOf(
    layer("conv", "data", "c"),
    layer("bn", "c", "c"),
    layer("relu", "c", "c"),
    layer("ip", "c", "y"),
  );
  expect(boxes).toEqual(["conv+bn+relu", "ip"]);
  expect(edges).toEqual(["in:data -data-> conv+bn+relu", "conv+bn+relu -c-> ip", "ip -y-> out:y"]);
});

test("but not where another layer reads the blob before", () => {
  const { boxes, edges } = graphOf(
    layer("conv", "", "c"),
    layer("pool", "c", "p"),
    layer("relu", "c", "c"),
    layer("sum", "c p", "s"),
  );
  expect(boxes).toEqual(["conv", "pool", "relu", "sum"]);
  expect(edges).toContain("conv -c-> relu");
  expect(edges).toContain("relu -c-> sum");
});

test("a blob read twice by one layer comes twice", () => {
  const { edges } = graphOf(layer("a", "", "x"), layer("twice", "x x", "y"));
  expect(edges.filter((edge) => edge === "a -x-> twice").length).toBe(2);
});

test("of two phases each layer is drawn once, and says in which it is", () => {
  const { message } = parseNet(
    [layer("train", "", "d"), layer("test", "", "d"), layer("ip", "d", "y"), layer("accuracy", "y", "a")].join("\n"),
  );
  const [train, tests, ip, accuracy] = message.layer;
  if (!train || !tests || !ip || !accuracy) throw new Error("four layers");
  const graph = netGraph([
    { phase: "TRAIN", layers: [train, ip], shapes: new Map([["d", [64, 3]]]) },
    { phase: "TEST", layers: [tests, ip, accuracy], shapes: new Map([["d", [100, 3]]]) },
  ]);
  expect(graph.layers.length).toBe(4);
  expect(graph.onlyIn).toEqual(
    new Map([
      [train, "TRAIN"],
      [tests, "TEST"],
      [accuracy, "TEST"],
    ]),
  );
  expect(graph.edges.filter(({ blob }) => blob === "d").map(({ shape }) => shape)).toEqual([
    [64, 3],
    [100, 3],
  ]);
});
