// What console.log, String and JSON.stringify show of nets, layers, blobs and solvers.
import { inspect } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Net } from "../api/net.js";
import { Solver } from "../api/solver.js";

// A name as a hostile file may have it: it would clear the terminal, and reverse what follows.
const hostile = "a\u001b[2Jb\u202e\nc";
const text = `name: "two ${JSON.stringify(hostile).slice(1, -1).replace("\\u001b", "\\033").replace("\u202e", "\\342\\200\\256")}"
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 4 } }
layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }
`;
let net: Net;
beforeAll(async () => {
  net = await Net.load(text, { engine: "reference" });
});
afterAll(() => net.dispose());

test("a net is a table of its layers", () => {
  const shown = String(net);
  expect(shown.split("\n")).toEqual([
    'Net "two a\\u001b[2Jb\\u202e\\nc" (TEST): 3 layers, 16 parameters',
    "inputs: x; outputs: y",
    "  in    Input         -> x 2 3",
    "  ip    InnerProduct  x -> y 2 4  params 4 3, 4",
    "  relu  ReLU          y -> y 2 4",
  ]);
  expect(inspect(net)).toBe(shown);
  expect(inspect(net, { colors: true })).toBe(shown);
  const { name, ...rest } = JSON.parse(JSON.stringify(net));
  expect(name).toBe(`two ${hostile}`);
  expect(rest).toEqual({
    phase: "TEST",
    inputs: ["x"],
    outputs: ["y"],
    layers: [
      { name: "in", type: "Input", bottoms: [], tops: ["x"], params: [] },
      { name: "ip", type: "InnerProduct", bottoms: ["x"], tops: ["y"], params: [[4, 3], [4]] },
      { name: "relu", type: "ReLU", bottoms: ["y"], tops: ["y"], params: [] },
    ],
    blobs: { x: [2, 3], y: [2, 4] },
  });
});

test("a layer is a line", () => {
  expect(inspect(net.layers[1])).toBe('Layer "ip" (InnerProduct): x -> y');
  expect(inspect(net.layers)).toContain('Layer "relu" (ReLU): y -> y');
});

test("a blob is its name, its shape, and the mean and range of its values", () => {
  const x = net.blobs.get("x");
  x?.data.set([1, 2, 3, 4, 5, -9]);
  expect(inspect(x)).toBe('Blob "x" 2 3 (6): mean 1, from -9 to 5');
  expect(inspect(net.blobs)).toContain(`'x' => Blob "x" 2 3 (6): mean 1, from -9 to 5`);
  expect(JSON.parse(JSON.stringify(x))).toEqual({ name: "x", shape: [2, 3], count: 6, mean: 1, min: -9, max: 5 });
  expect(String(x)).toBe("2 3 (6)");
  x?.data.set([Number.NaN]);
  expect(inspect(x)).toBe('Blob "x" 2 3 (6): mean nan, from nan to nan');
  expect(JSON.parse(JSON.stringify(x)).mean).toBeNull();
});

test("looking at parameters does not make the engine prepare them again", async () => {
  const weights = net.layers[1].params[0].data;
  await net.forward({ x: [1, 2, 3, 4, 5, 6] });
  const { revision } = weights;
  inspect(net.params);
  JSON.stringify([...net.params.values()]);
  expect(weights.revision).toBe(revision);
});

test("what was not kept is not shown, and no error", async () => {
  const chain = [0, 1, 2, 3].map(
    (i) => `layer { name: "l${i}" type: "Power" bottom: "y${i}" top: "y${i + 1}" power_param { shift: 1 scale: 2 } }`,
  );
  const input = 'layer { name: "in" type: "Input" top: "y0" input_param { shape { dim: 5 } } }\n';
  const small = await Net.load(input + chain.join("\n"), { engine: "reference", keep: "outputs" });
  await small.forward({ y0: [1, 2, 3, 4, 5] });
  const lost = [...small.blobs.values()].find(({ hasData }) => !hasData);
  expect(lost).toBeDefined();
  expect(inspect(lost)).toBe(`Blob "${lost?.name}" 5 (5): values not kept`);
  expect(JSON.parse(JSON.stringify(lost))).toEqual({ name: lost?.name, shape: [5], count: 5 });
  await small.dispose();
});

test("a net that was disposed of can still be shown", async () => {
  const gone = await Net.load(text, { engine: "wasm", threads: 1 });
  await gone.forward();
  await gone.dispose();
  expect(inspect(gone.blobs.get("y"))).toBe('Blob "y" 2 4 (8): values not kept');
  expect(inspect(gone)).toBe(String(net));
});

test("a solver says how far it is", async () => {
  const solver = await Solver.load(
    `base_lr: 0.05 lr_policy: "fixed" max_iter: 10 type: "Adam" snapshot_after_train: false random_seed: 1
     net_param { name: "n"
       layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 3 } } }
       layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 3 } }
       layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" } }`,
    { engine: "reference" },
  );
  await solver.step(2);
  expect(inspect(solver).split("\n").slice(0, 2)).toEqual([
    "Solver (Adam): iteration 2 of 10, learning rate 0.05",
    'Net "n" (TRAIN): 3 layers, 12 parameters',
  ]);
  const json = JSON.parse(JSON.stringify(solver));
  expect(json).toMatchObject({ type: "Adam", iter: 2, maxIter: 10, lr: expect.closeTo(0.05), net: { name: "n" } });
  await solver.dispose();
});
