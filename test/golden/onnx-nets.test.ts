// Every golden net that ONNX can say, BVLC's and the forks', exported and run in ONNX Runtime.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { exportPair } from "../../src/api/export-onnx.js";
import { writeModel } from "../../src/onnx/model.js";
import { distance, largest } from "../distance.js";
import { netFromText } from "../nets.js";
import { runOnnx, type Values } from "../onnx/exported.js";
import { readSafetensors, type Safetensors } from "../safetensors.js";
import { onnxCase, tensorsIn } from "./onnx-cases.js";

/** Random nets with a layer that ONNX cannot say, and the reason that the error gives. */
const refusals: readonly (readonly [nets: string, reason: RegExp])[] = [
  [
    "48 58 60 62 84 130 138 180 182 194 200 232 238 240 278 290 298 316 332 344 356 370 446 450 460",
    /\(Filter\): it cannot be written as ONNX: the number of items that it passes on depends on the values of its selector/,
  ],
];
const reasonOf = new Map(refusals.flatMap(([nets, reason]) => nets.split(" ").map((id) => [id, reason] as const)));

interface Compared {
  /** The outputs of ONNX Runtime that were compared with the reference, and with Moka. */
  readonly reference: readonly string[];
  readonly moka: readonly string[];
  /** Those that neither has: probabilities in losses, which onnx.test.ts compares. */
  readonly others: readonly string[];
  /** Those beyond the tolerance. */
  readonly wrong: readonly string[];
}

/**
 * Exports a net and runs it, beside Moka's in TEST, on the same inputs. Each output is within 1e-4 of the largest value of the reference's, or
 * of Moka's where the reference has none or was not in TEST.
 */
async function compare(
  [model, weights, options]: Readonly<Parameters<typeof exportPair>>,
  golden: Safetensors,
  inputs: ReadonlyMap<string, Values>,
  isReferenceInTest = true,
): Promise<Compared> {
  const pair = await exportPair(model, weights, { engine: "reference", ...options });
  const { original, exported: net, named } = pair;
  const found = await runOnnx(writeModel(net.model), Object.fromEntries(inputs));
  await original.forward(Object.fromEntries([...inputs].map(([name, { data }]) => [name, data])));
  const compared: Record<keyof Compared, string[]> = { reference: [], moka: [], others: [], wrong: [] };
  for (const [name, { data }] of Object.entries(found)) {
    const blob = named.find((version) => version.name === name)?.blob ?? name;
    const theirs = isReferenceInTest ? golden.tensors.get(`out/${blob}`)?.data : undefined;
    const wanted = theirs ?? original.blobs.get(name)?.data;
    compared[theirs ? "reference" : wanted ? "moka" : "others"].push(name);
    if (wanted && !(distance(data, wanted) <= 1e-4 * largest(wanted))) compared.wrong.push(name);
  }
  await original.dispose();
  return compared;
}

/** What may become of a net's BatchNorms. */
const formsOf = (text: string) => (/"(?:BatchNorm|BN)"/.test(text) ? (["fold", "keep"] as const) : (["fold"] as const));

const ids = readdirSync(new URL("nets/", import.meta.url)).sort((a, b) => Number(a) - Number(b));

test(`of ${ids.length} random nets, ${reasonOf.size} are refused: ONNX cannot say a layer of theirs`, () => {
  expect([...reasonOf.keys()].filter((id) => !ids.includes(id))).toEqual([]);
});

test.each(ids)("net %s", async (id) => {
  const { text, weights, options, golden } = await onnxCase(`nets/${id}`);
  const reason = reasonOf.get(id);
  if (reason) {
    await expect(exportPair(text, weights, options)).rejects.toThrow(reason);
    return;
  }
  const given = new Map(tensorsIn(golden, "in").map(({ name, ...values }) => [name, values]));
  const inputs = new Map([...given, ...(text.includes('"DummyData"') ? await drawn(text, golden, given) : [])]);
  // The reference ran most nets in TRAIN, where Dropout draws and BatchNorm takes the statistics of the batch. An exported net is one in TEST:
  // with these layers it is held against Moka.
  const isSameInTest = golden.metadata["phase"] === "TEST" || !/"(?:Dropout|BatchNorm)"/.test(text);
  for (const batchNorm of formsOf(text)) {
    const net = [text, weights, { ...options, batchNorm }] as const;
    const { reference, moka, others, wrong } = await compare(net, golden, inputs, isSameInTest);
    expect(wrong, batchNorm).toEqual([]);
    expect(reference.length + moka.length > 0 || others.every((name) => name === "prob")).toBe(true);
  }
});

/** What DummyData gave in the reference's run: Moka draws the same from its seed. */
async function drawn(text: string, { metadata }: Safetensors, inputs: ReadonlyMap<string, Values>) {
  const phase = metadata["phase"] === "TEST" ? "TEST" : "TRAIN";
  const net = await netFromText(text, { phase, seed: Number(metadata["seed"]), backward: false });
  await net.forward(Object.fromEntries([...inputs].map(([name, { data }]) => [name, data])));
  const tops = net.layers.filter(({ type }) => type === "DummyData").flatMap((layer) => layer.tops);
  const values = tops.map((top): [string, Values] => {
    const { shape = [], data = [] } = net.blobs.get(top) ?? {};
    return [top, { shape, data: Float32Array.from(data) }];
  });
  await net.dispose();
  return values;
}

const forks = new URL("forks/nets/", import.meta.url);

test.each(readdirSync(forks))("%s, a net of a fork, from its trained weights", async (name) => {
  const read = (file: string) => readFileSync(new URL(`${name}/${file}`, forks));
  const golden = readSafetensors(read("test.safetensors"));
  const inputs = new Map(tensorsIn(golden, "in").map((each) => [each.name, each]));
  const weights = new Uint8Array(read("weights.caffemodel"));
  const text = read("test.prototxt").toString();
  for (const batchNorm of formsOf(text)) {
    const { reference, wrong } = await compare([text, weights, { batchNorm }], golden, inputs);
    expect(wrong, batchNorm).toEqual([]);
    expect(reference.length).toBeGreaterThan(0);
  }
});
