import { expect, test } from "vitest";
import { createFiles, createImages } from "#platform";
import { Catalog } from "../core/catalog.js";
import { fill } from "../fillers/index.js";
import { layers } from "../layers/index.js";
import { parseNet } from "../proto/text/index.js";
import { silent } from "../util/log.js";
import { Random } from "../util/random.js";
import { inferShapes } from "./infer-shapes.js";

const context = {
  catalog: new Catalog(layers, fill),
  files: createFiles(),
  images: createImages(),
  log: silent,
  phase: "TEST",
  random: new Random(1),
} as const;

const shapesOf = async (text: string) => Object.fromEntries(await inferShapes(parseNet(text).message.layer, context));

test("shapes follow from layer to layer", async () => {
  const net = `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 5 dim: 5 } } }
    layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 2 kernel_size: 3 } }
    layer { name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param { kernel_size: 2 stride: 2 } }`;
  expect(await shapesOf(net)).toEqual({ x: [1, 3, 5, 5], c: [1, 2, 3, 3], p: [1, 2, 2, 2] });
});

test("what hangs on a layer that cannot be made is left out, the rest is not", async () => {
  const net = `layer { name: "d" type: "Data" top: "d" data_param { source: "nowhere" batch_size: 4 backend: LMDB } }
    layer { name: "r" type: "ReLU" bottom: "d" top: "r" }
    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 } } }
    layer { name: "o" type: "Own" bottom: "x" top: "x" }
    layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { kernel_size: 3 } }
    layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 7 } } }`;
  expect(await shapesOf(net)).toEqual({ y: [7] });
});
