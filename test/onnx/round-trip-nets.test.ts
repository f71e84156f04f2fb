// Caffe → ONNX → Caffe: the nets of ../shared/bench and the models of forks compute the same when they come back.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { importOnnx } from "../../src/api/import-onnx.js";
import { Net } from "../../src/index.js";
import type { NetParameter } from "../../src/proto/gen/caffe_pb.js";
import { exported, largestError } from "./exported.js";

const shared = fileURLToPath(new URL("../../../shared/", import.meta.url));
const here = existsSync(`${shared}bench`) && existsSync(`${shared}corpus`);
const title = here ? "nets, there and back" : "nets, there and back (skipped: there is no ../shared)";

interface Source {
  readonly name: string;
  readonly net: string;
  /** Default: weights drawn for it. */
  readonly weights?: string;
}

const list = (folder: string) => (here ? readdirSync(`${shared}${folder}`) : []);
const sources: readonly Source[] = [
  ...list("bench").map((name) => ({ name, net: `${shared}bench/${name}` })),
  ...list("corpus/forks/models").map((name) => {
    const folder = `${shared}corpus/forks/models/${name}/`;
    return { name, net: `${folder}net.prototxt`, weights: `${folder}weights.caffemodel` };
  }),
];

/** The layer before which a net ends: its form in ONNX, of many operators, is no layer of Caffe's any more. */
const ends: Readonly<Record<string, string>> = { "wechat-qr-detect": "detection_output" };

/** A net's weights, with statistics of BatchNorm as training leaves them, where there were none. */
async function weightsFor({ net: path, weights }: Source): Promise<NetParameter> {
  const net = await Net.load(path, { phase: "TEST", seed: 5, engine: "reference", ...(weights && { weights }) });
  for (const { type, blobs } of weights ? [] : net.layers) {
    if (type !== "BatchNorm") continue;
    const [mean, variance, factor] = blobs.map(({ data }) => data);
    mean.set(mean.map((_, i) => 300 * Math.sin(i)));
    variance.set(variance.map((_, i) => 999 * (1.5 + Math.cos(i))));
    factor.fill(999);
  }
  const message = net.toMessage();
  await net.dispose();
  return message;
}

describe.skipIf(!here)(title, () => {
  test("are there", () => expect(sources.length).toBe(7 + 11));

  test.each(sources)("$name", async (source) => {
    const text = readFileSync(source.net, "utf8");
    const weights = await weightsFor(source);
    const isTraining = /type: "SoftmaxWithLoss"/.test(text);
    const batch = /_b\d+\.prototxt$|^b/.test(source.name) ? { batch: 2 } : {};
    const end = isTraining ? "loss" : ends[source.name];
    const { bytes } = await exported(text, weights, { ...batch, ...(end !== undefined && { cut: end }) });
    const back = await importOnnx(bytes, { certify: false });
    const [first, second] = [
      await Net.load(text, { phase: "TEST", weights }),
      await Net.load(back.text, { phase: "TEST", weights: back.weights }),
    ];
    const shapes = second.inputs.map((name) => [name, second.blobs.get(name)?.shape ?? []] as const);
    first.reshape(Object.fromEntries([...shapes, ...(isTraining ? [["label", [2]] as const] : [])]));
    const inputs = Object.fromEntries(
      second.inputs.map((name) => {
        const count = second.blobs.get(name)?.count ?? 0;
        return [name, Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898))];
      }),
    );
    const found = await second.forward(inputs);
    await first.forward(inputs);
    expect(Object.keys(found).length).toBeGreaterThan(0);
    for (const [name, values] of Object.entries(found)) {
      expect(largestError(values, first.blobs.get(name)?.data ?? []), name).toBeLessThanOrEqual(1e-5);
    }
    await first.dispose();
    await second.dispose();
  });
});
