// Every golden case that ONNX can say, exported and run in ONNX Runtime: the outputs are those that the reference computed.
import { expect, test } from "vitest";
import { netFromText } from "../nets.js";
import { exportError, exported, runOnnx, type Values } from "../onnx/exported.js";
import { relativeError } from "./engines.js";
import { onnxCase, onnxCases, tensorsIn } from "./onnx-cases.js";
import { refusals } from "./onnx-refusals.js";

/**
 * Types whose layers compute something else in TEST than in TRAIN, in which their case was made, or are not in the net then: the outputs are
 * compared with those of Moka's net in TEST, which other cases hold against the reference.
 */
const differsInTest = /\/(?:Dropout|BatchNorm|BN|MultiBoxLoss)\//;

/** Cases that only `approximate` allows, and that give what the reference computed all the same. */
const isClose = /\/Proposal\//;

test.each(onnxCases)("%s", async (path) => {
  const { text, weights, options, golden } = await onnxCase(path);
  if (golden.metadata.phase === "TRAIN" && differsInTest.test(path)) {
    expect(await exportError(text, { weights, ...options })).toBeLessThan(1e-5);
    return;
  }
  const net = exported(text, weights, options);
  const refusal = refusals.find(([pattern]) => pattern.test(path));
  if (refusal) {
    await expect(net).rejects.toThrow(refusal[1]);
    if (!isClose.test(path)) return;
  }
  const { bytes, named } = await (refusal ? exported(text, weights, { ...options, approximate: true }) : net);
  const inputs = Object.fromEntries(tensorsIn(golden, "in").map(({ name, ...values }) => [name, values]));
  const found = await runOnnx(bytes, inputs);
  let compared = 0;
  for (const { name, data } of tensorsIn(golden, "out")) {
    const output = found[name] ?? found[named.findLast(({ blob }) => blob === name)?.name ?? name];
    if (!output) continue;
    expect(output.data.length, name).toBe(data.length);
    expect(relativeError(output.data, data), name).toBeLessThanOrEqual(1e-5);
    compared++;
  }
  if (found["prob"]) {
    const wanted = await probabilities(path, text, inputs);
    expect(relativeError(found["prob"].data, wanted), "prob").toBeLessThanOrEqual(1e-5);
    compared++;
  }
  expect(compared).toBeGreaterThan(0);
});

/** The probabilities in a loss, which the reference's case does not have: those of Moka's layer, or by their definition. */
async function probabilities(
  path: string,
  text: string,
  inputs: Readonly<Record<string, Values>>,
): Promise<Float32Array> {
  if (path.includes("SigmoidCrossEntropyLoss")) return inputs["x"].data.map((x) => 1 / (1 + Math.exp(-x)));
  const withSoftmax = text
    .replace(/loss_weight: \d+/, "")
    .replace('top: "top"', 'top: "top" top: "softmax" loss_weight: 1 loss_weight: 0');
  const net = await netFromText(withSoftmax, { phase: "TEST" });
  await net.forward(Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data])));
  const { data } = net.blobs.get("softmax") ?? { data: new Float32Array(0) };
  const copy = data.slice();
  await net.dispose();
  return copy;
}

test("every refusal is of a case", () => {
  expect(refusals.filter(([pattern]) => !onnxCases.some((path) => pattern.test(path)))).toEqual([]);
});
