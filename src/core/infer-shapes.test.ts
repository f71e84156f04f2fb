import { expect, test } from "vitest";
import { createFiles, createImages } from "#platform";
import { fill } from "../fillers/index.js";
import { layers } from "../layers/registry.js";
import { parseNet } from "../proto/text/index.js";
import { MokaError } from "../util/errors.js";
import { silent } from "../util/log.js";
import { Random } from "../util/random.js";
import { Catalog } from "./catalog.js";
import { inferShapes } from "./infer-shapes.js";

const context = {
  catalog: new Catalog(layers, fill),
  files: createFiles(),
  images: createImages(),
  log: silent,
  phase: "TEST",
  random: new Random(1),
} as const;

const blobsOf = async (text: string) =>
  Object.fromEntries((await inferShapes(parseNet(text).message.layer, context)).blobs);

test("shapes follow from layer to layer", async () => {
  const net = `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 5 dim: 5 } } }
    layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 2 kernel_size: 3 } }
    layer { name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param { kernel_size: 2 stride: 2 } }`;
  expect(await blobsOf(net)).toEqual({ x: [1, 3, 5, 5], c: [1, 2, 3, 3], p: [1, 2, 2, 2] });
});

test("what hangs on a layer that cannot be made is left out, the rest is not", async () => {
  const net = `layer { name: "d" type: "Data" top: "d" data_param { source: "nowhere" batch_size: 4 backend: LMDB } }
    layer { name: "r" type: "ReLU" bottom: "d" top: "r" }
    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 } } }
    layer { name: "o" type: "Own" bottom: "x" top: "x" }
    layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { kernel_size: 3 } }
    layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 7 } } }`;
  expect(await blobsOf(net)).toEqual({ y: [7] });
});

test("of each layer: its bottoms at that point, its tops, its parameters, and what is wrong with it", async () => {
  const { message } = parseNet(`layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 12 } } }
    layer { name: "r" type: "Reshape" bottom: "x" top: "y" reshape_param { shape { dim: 0 dim: 3 dim: 4 } } }
    layer { name: "f" type: "InnerProduct" bottom: "y" top: "x" inner_product_param { num_output: 5 } }
    layer { name: "e" type: "Eltwise" bottom: "x" bottom: "y" top: "e" }
    layer { name: "two" type: "ReLU" bottom: "unmade" bottom: "x" top: "two" }
    layer { name: "later" type: "ReLU" bottom: "e" top: "later" }`);
  const { layers: found } = await inferShapes(message.layer, context);
  const [, reshape, product, sum, relu, later] = message.layer.map((layer) => found.get(layer));
  expect(reshape).toMatchObject({ bottom: [[2, 12]], top: [[2, 3, 4]], params: [], error: undefined });
  expect(product).toMatchObject({ bottom: [[2, 3, 4]], top: [[2, 5]], params: [[5, 12], [5]], error: undefined });
  expect(sum).toMatchObject({
    bottom: [
      [2, 5],
      [2, 3, 4],
    ],
    top: [undefined],
    error: { code: "MOKA_SHAPE" },
  });
  expect(relu?.error).toBeInstanceOf(MokaError);
  expect(later).toMatchObject({ bottom: [undefined], top: [undefined], params: undefined, error: undefined });
});

test("where data are not there, an assumed shape goes on", async () => {
  const { message } =
    parseNet(`layer { name: "g" type: "Input" top: "given" input_param { shape { dim: 4 dim: 3 dim: 5 dim: 5 } } }
    layer { name: "d" type: "Data" top: "d" top: "l"
      data_param { source: "nowhere" batch_size: 4 backend: LMDB } transform_param { crop_size: 5 } }
    layer { name: "s" type: "Eltwise" bottom: "d" bottom: "given" top: "s" }
    layer { name: "r" type: "ReLU" bottom: "given" top: "r" }
    layer { name: "l" type: "Input" top: "l" input_param { shape { dim: 7 } } }`);
  const { blobs, layers: found, assumed } = await inferShapes(message.layer, context);
  expect(blobs.get("s")).toEqual([4, 3, 5, 5]);
  expect([...assumed].sort()).toEqual(["d", "s"]);
  expect([...found.values()][1]?.error).toMatchObject({ code: "MOKA_FILE" });
});

test("blobs come in the order in which they are first made, with their last shape; a loss has a top without a name", async () => {
  const { message } = parseNet(`layer { name: "x" type: "Input" top: "x" top: "t"
      input_param { shape { dim: 2 dim: 3 dim: 4 } shape { dim: 2 dim: 12 } } }
    layer { name: "y" type: "ReLU" bottom: "x" top: "y" }
    layer { name: "x2" type: "Flatten" bottom: "x" top: "x" }
    layer { name: "loss" type: "EuclideanLoss" bottom: "x" bottom: "t" }`);
  const { blobs, layers: found } = await inferShapes(message.layer, context);
  expect([...blobs]).toEqual([
    ["x", [2, 12]],
    ["t", [2, 12]],
    ["y", [2, 3, 4]],
  ]);
  expect([...found.values()].at(-1)?.top).toEqual([[]]);
});

test("a data layer whose shapes are given is not asked, whatever its type; a layer that says its phase is in that", async () => {
  const { message } = parseNet(`layer { name: "d" type: "Own" top: "d" top: "l" }
    layer { name: "drop" type: "Dropout" bottom: "d" top: "drop" phase: TRAIN }
    layer { name: "r" type: "ReLU" bottom: "l" top: "r" }`);
  const given = new Map([
    ["d", [2, 3]],
    ["l", [2]],
  ]);
  const { blobs, layers: found } = await inferShapes(message.layer, { ...context, given });
  expect(Object.fromEntries(blobs)).toEqual({ d: [2, 3], l: [2], drop: [2, 3], r: [2] });
  expect([...found.values()].map(({ layer }) => layer?.phase)).toEqual(["TEST", "TRAIN", "TEST"]);
});

test("a shape that no blob can have is the layer's error", async () => {
  const { message } = parseNet(`layer { name: "x" type: "Input" top: "x"
    input_param { shape { dim: 70000 dim: 70000 } } }`);
  const [x] = (await inferShapes(message.layer, context)).layers.values();
  expect(x).toMatchObject({ top: [undefined], error: { code: "MOKA_SHAPE" } });
  expect(String(x?.error)).toContain('layer "x" (Input): ');
});

test("what was found in another state is reused for the same bottoms, and found anew for others", async () => {
  const { layer } = parseNet(`layer { name: "a" type: "Input" top: "x" input_param { shape { dim: 2 } } }
    layer { name: "b" type: "Input" top: "x" input_param { shape { dim: 3 } } }
    layer { name: "r" type: "ReLU" bottom: "x" top: "y" }`).message;
  const [a, b, relu] = layer;
  const known = new Map();
  const infer = async (...layers: typeof layer) => inferShapes(layers, { ...context, known });
  const first = await infer(a, relu);
  const again = await infer(a, relu);
  expect(again.layers.get(relu)).toBe(first.layers.get(relu));
  expect((await infer(b, relu)).blobs.get("y")).toEqual([3]);
});

test("a Python layer is made by the class that is registered for its module and layer", async () => {
  const { message } = parseNet(`layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 } } }
    layer { name: "p" type: "Python" bottom: "x" top: "y" python_param { module: "m" layer: "L" } }`);
  const own = layers.find(({ type }) => type === "ReLU");
  const catalog = new Catalog(layers, fill, own && { "m/L": own });
  expect((await inferShapes(message.layer, { ...context, catalog })).blobs.get("y")).toEqual([2]);
  expect((await inferShapes(message.layer, context)).blobs.get("y")).toBeUndefined();
});
