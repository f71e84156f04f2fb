// The example nets are read without a word, and the one to deploy is the one that was trained.
import { readdirSync, readFileSync } from "node:fs";
import { toJson } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type LayerParameter, LayerParameterSchema } from "../../src/proto/gen/caffe_pb.js";
import { parseNet, parseSolver } from "../../src/proto/text/index.js";

const folder = new URL("../../examples/", import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".prototxt"));
const read = (path: string) => readFileSync(new URL(path, folder), "utf8");

test.each(files)("%s is as Caffe wants it", (path) => {
  const parse = /solver\.prototxt$/.test(path) ? parseSolver : parseNet;
  const { issues } = parse(read(path));
  // The fields of SSD and SegNet are read as a fork's.
  const isFork = /^(?:ssd|segmentation)/.test(path);
  const isExpected = ({ code }: { code: string }) => isFork && code === "MOKA_TEXT_FORK_FIELD";
  expect(issues.filter((issue) => !isExpected(issue))).toEqual([]);
});

test("the article's net to deploy has the layers of the one that was trained", () => {
  const trained = parseNet(read("article/train_val.prototxt")).message.layer;
  const [input, ...deployed] = parseNet(read("article/deploy.prototxt")).message.layer;
  const softmax = deployed.pop();
  expect([input?.type, softmax?.type]).toEqual(["Input", "Softmax"]);
  const used = trained.filter(({ type }) => !["Data", "Accuracy", "SoftmaxWithLoss"].includes(type));
  expect(deployed.map(withoutTraining)).toEqual(used.map(withoutTraining));
});

test("the net of ssd to deploy has the layers of the one that was trained", () => {
  const trained = parseNet(read("ssd/train_val.prototxt")).message.layer;
  const [input, ...deployed] = parseNet(read("ssd/deploy.prototxt")).message.layer;
  const transforms = trained.map(({ transformParam }) => transformParam).filter((each) => each !== undefined);
  expect(transforms).toHaveLength(2);
  for (const { meanValue, scale } of transforms) expect(input?.transformParam).toMatchObject({ meanValue, scale });
  const used = trained.filter(({ type }) => !/^(AnnotatedData|MultiBoxLoss|DetectionEvaluate)$/.test(type));
  expect(deployed.map(withoutTraining)).toEqual(used.map(withoutTraining));
});

test("the segmentation net to deploy has the layers of the one that was trained", () => {
  const trained = parseNet(read("segmentation/train_val.prototxt")).message.layer;
  const [input, ...deployed] = parseNet(read("segmentation/deploy.prototxt")).message.layer;
  expect([input?.type, deployed.pop()?.type]).toEqual(["Input", "Softmax"]);
  for (const { transformParam } of trained.slice(0, 2)) expect(input?.transformParam).toEqual(transformParam);
  const used = trained.filter(({ type }) => !/^(DenseImageData|SoftmaxWithLoss|SegAccuracy)$/.test(type));
  expect(deployed.map(withoutTraining)).toEqual(used.map(withoutTraining));
});

/** A layer without what only training needs. */
function withoutTraining(layer: LayerParameter): unknown {
  const {
    param: _,
    include: __,
    ...json
  } = toJson(LayerParameterSchema, layer) as Record<string, Record<string, unknown>>;
  for (const message of Object.values(json)) {
    delete message.weightFiller;
    delete message.biasFiller;
  }
  return json;
}
