// Every golden case that ONNX can say, exported and run in ONNX Runtime: the outputs are those that the reference computed.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { exportError, exported, runOnnx, type Values, weightsOf } from "../onnx/exported.js";
import { readSafetensors, type Safetensors } from "../safetensors.js";
import { relativeError } from "./engines.js";
import { dialectOf } from "./fork-dialects.js";
import { refusals } from "./onnx-refusals.js";

const cases = ["layers", "forks"].flatMap((folder) => {
  const at = new URL(`${folder}/`, import.meta.url);
  const types = readdirSync(at).filter((type) => type !== "nets" && type !== "README.md");
  return types.flatMap((type) => readdirSync(new URL(`${type}/`, at)).map((name) => `${folder}/${type}/${name}`));
});

/** Types whose layers compute something else in TEST than in TRAIN, in which their case was made. */
const differsInTest =
  /^layers\/Dropout|^(?:layers|forks)\/BatchNorm\/(?!.*global_(?:true|false))|^forks\/BN\/psp_(?!.*frozen|real)/;

/** Losses whose probabilities are written, which the reference does not give: the mappings' own tests compare them with Moka's. */
const givesProbabilities = /\/(?:SoftmaxWithLoss|InfogainLoss|SigmoidCrossEntropyLoss)\//;

/** Cases with a parameter that is a scalar. The file has it with one axis. */
const hasScalar = /^layers\/.*\/(?:scalar|shared)|^forks\/Normalize\/ssd_(?:.*_shared_true|defaults|zero_across)/;

test.each(cases)("%s", async (path) => {
  const at = new URL(`${path}/`, import.meta.url);
  const text = readFileSync(new URL("net.prototxt", at), "utf8");
  const golden = readSafetensors(readFileSync(new URL("tensors.safetensors", at)));
  const { phase, dialect, cfg } = golden.metadata;
  const params: Record<string, Values[]> = {};
  for (const { name, ...values } of given(golden, "param")) {
    const [layer, index] = name.split("/");
    params[layer] ??= [];
    params[layer][Number(index)] = hasScalar.test(path) ? { ...values, shape: [] } : values;
  }
  const inputs = Object.fromEntries(given(golden, "in").map(({ name, ...values }) => [name, values]));
  const options = {
    ...(dialect !== undefined && dialectOf[dialect] && { dialect: dialectOf[dialect] }),
    ...(cfg !== undefined && { cfg: { TEST: JSON.parse(cfg) } }),
  };
  if (phase === "TRAIN" && differsInTest.test(path)) {
    expect(await exportError(text, { weights: weightsOf(params), ...options })).toBeLessThan(1e-5);
    return;
  }
  const net = exported(text, weightsOf(params), options);
  const refusal = refusals.find(([pattern]) => pattern.test(path));
  if (refusal) {
    await expect(net).rejects.toThrow(refusal[1]);
    return;
  }
  const { bytes, named } = await net;
  const found = await runOnnx(bytes, inputs);
  if (givesProbabilities.test(path)) {
    expect(Object.keys(found)).toEqual(["prob"]);
    return;
  }
  let compared = 0;
  for (const { name, data } of given(golden, "out")) {
    const output = found[named.findLast(({ blob }) => blob === name)?.name ?? name];
    if (!output) continue;
    expect(output.data.length, name).toBe(data.length);
    expect(relativeError(output.data, data), name).toBeLessThanOrEqual(1e-5);
    compared++;
  }
  expect(compared).toBeGreaterThan(0);
});

function given({ tensors }: Safetensors, prefix: string) {
  return [...tensors].flatMap(([name, tensor]) =>
    name.startsWith(`${prefix}/`) ? [{ name: name.slice(prefix.length + 1), ...tensor }] : [],
  );
}
