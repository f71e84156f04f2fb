// 189 small random nets with the reference's results (see README.md here): forward, parameters after forward, backward.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Engine } from "../../src/core/engine.js";
import type { Net } from "../../src/core/net.js";
import { ReferenceEngine } from "../../src/engines/reference/index.js";
import { Random } from "../../src/util/random.js";
import { distance, largest } from "../distance.js";
import { netFromText } from "../nets.js";
import { readSafetensors, type Safetensors } from "../safetensors.js";
import { engines, sharedEngines } from "./engines.js";

const folder = new URL("nets/", import.meta.url);
const ids = readdirSync(folder).sort((a, b) => Number(a) - Number(b));
const page = readFileSync(new URL("../../docs/layers.md", import.meta.url), "utf8").replaceAll(/\s+/g, " ");

const rounding = "What is computed of such a sum, as the gradient of a bias right below, is nothing but rounding.";
const growth = "Where the values of a channel hardly differ, their rounding grows in y by up to 1/√eps.";
const states = "It gives no gradient to states that are bottoms, and takes none from states that are tops.";
const classes = "Over the classes it sums to 0: the gradient of a bias that all classes share is nothing but rounding.";

/** The tensors that differ from the reference's, and the sentence of a layer's contract that says why. */
const different: Readonly<Record<string, { readonly why: string; readonly tensors: readonly string[] }>> = {
  22: { why: rounding, tensors: ["out/l8_Reduction"] },
  62: { why: growth, tensors: ["out/l3_RNN"] },
  78: { why: classes, tensors: ["param_diff/l3_Scale/1"] },
  294: { why: rounding, tensors: ["param_diff/l2_Convolution/1"] },
  394: { why: rounding, tensors: ["param_diff/l4_Convolution/1"] },
  498: { why: growth, tensors: ["param_diff/l1_Embed/1"] },
};

/** The nets in which a recurrent layer's last state reaches a loss; `states` says what differs there. */
const withStates: Readonly<Record<string, { readonly layer: string; readonly params: number }>> = {
  22: { layer: "l4_LSTM", params: 4 },
  92: { layer: "l0_RNN", params: 3 },
  128: { layer: "l3_LSTM", params: 4 },
  238: { layer: "l1_RNN", params: 3 },
  482: { layer: "l0_RNN", params: 3 },
};

interface Golden extends Safetensors {
  readonly text: string;
}

function read(id: string): Golden {
  const text = readFileSync(new URL(`${id}/net.prototxt`, folder), "utf8");
  return { text, ...readSafetensors(readFileSync(new URL(`${id}/tensors.safetensors`, folder))) };
}

type Values = Float32Array | Float64Array;
type Nudge = (values: Float32Array) => Float32Array;

/** Does what the reference did, and returns Moka's value of each of its results. */
async function follow(net: Net, { tensors }: Golden, without?: string, nudge: Nudge = (values) => values) {
  const given = (prefix: string) =>
    [...tensors].flatMap(([name, { data }]) =>
      name.startsWith(`${prefix}/`) ? [{ name: name.slice(prefix.length + 1), key: name, data }] : [],
    );
  const param = (name: string) => {
    const [layer = "", index] = name.split("/");
    return net.params.get(layer)?.[Number(index)];
  };
  const seen = new Map<string, Values | undefined>();
  for (const { name, data } of given("param")) param(name)?.data.set(nudge(data));
  await net.forward(Object.fromEntries(given("in").map(({ name, data }) => [name, nudge(data)])));
  for (const { name, key } of given("out")) seen.set(key, net.blobs.get(name)?.data.slice());
  for (const { name, key } of given("param_after")) seen.set(key, param(name)?.data.slice());
  const diffs = [...given("in_diff"), ...given("param_diff")];
  if (diffs.length === 0) return seen;
  net.clearParamDiffs(); // before the diffs of tops are given: Parameter's top shares the diff of its parameter
  for (const { name, data } of given("out_diff")) net.blobs.get(name)?.diff.set(nudge(data));
  await backward(net, without);
  for (const { name, key } of given("in_diff")) seen.set(key, net.blobs.get(name)?.diff.slice());
  for (const { name, key } of given("param_diff")) seen.set(key, param(name)?.diff.slice());
  return seen;
}

/** Runs backward, with the gradients of all tops of layer `without` but the first set to 0. */
async function backward(net: Net, without: string | undefined): Promise<void> {
  const index = net.layers.findIndex(({ name }) => name === without);
  if (index < 0) return net.backward();
  await net.backward({ to: net.layers[index + 1]?.name });
  for (const state of net.layers[index]?.tops.slice(1) ?? []) net.blobs.get(state)?.diff.fill(0);
  await net.backward({ from: without });
}

/** The results that are not within 1e-4 of the largest value of the reference's. */
function differing(seen: ReadonlyMap<string, Values | undefined>, { tensors }: Golden): string[] {
  return [...seen].flatMap(([name, values]) => {
    const { data = new Float32Array(0) } = tensors.get(name) ?? {};
    return distance(values, data) <= 1e-4 * largest(data) ? [] : name;
  });
}

const setup = ({ metadata }: Golden) => ({
  phase: metadata["phase"] as "TRAIN" | "TEST",
  seed: Number(metadata["seed"]),
});

const paramsOf = ({ layer, params }: { layer: string; params: number }) =>
  Array.from({ length: params }, (_, i) => `param_diff/${layer}/${i}`);

test("there are all 189 nets", () => {
  expect(ids).toHaveLength(189);
});

test("what differs is said in the contracts", () => {
  for (const sentence of [states, ...Object.values(different).map(({ why }) => why)]) expect(page).toContain(sentence);
});

const engineOf = sharedEngines();
const engineNames = Object.keys(engines);

test.each(ids)("net %s", async (id) => {
  const golden = read(id);
  const state = withStates[id];
  // Each net on two engines; all nets see all engines.
  const chosen = [0, 1].map((i) => engineNames[(ids.indexOf(id) * 2 + i) % engineNames.length] ?? "");
  for (const name of chosen) {
    const net = await netFromText(golden.text, { ...setup(golden), engine: await engineOf(name) });
    const allowed = [...(different[id]?.tensors ?? []), ...(state ? paramsOf(state) : [])];
    const found = differing(await follow(net, golden), golden);
    expect(
      found.filter((each) => !allowed.includes(each)),
      name,
    ).toEqual([]);
    // What `withStates` names must differ, or the list is too long. Rounding may happen to agree.
    if (state) expect(found, name).toEqual(expect.arrayContaining(paramsOf(state)));
    await net.dispose();
  }
});

test.each(["332"])("net %s, of which the reference has no backward, has none", async (id) => {
  const golden = read(id);
  const net = await netFromText(golden.text, setup(golden));
  await expect(net.backward()).rejects.toThrow("has no gradient");
  await net.dispose();
});

test.each(Object.entries(withStates))(
  "net %s: the reference takes no gradient from states that are tops",
  async (id, state) => {
    const golden = read(id);
    const net = await netFromText(golden.text, setup(golden));
    const found = differing(await follow(net, golden, state.layer), golden);
    expect(found.filter((name) => paramsOf(state).includes(name))).toEqual([]);
    await net.dispose();
  },
);

test.each(Object.entries(different))(
  "net %s: the reference is no nearer to the exact value than rounding brings Moka",
  async (id, { tensors }) => {
    const golden = read(id);
    const random = new Random(1);
    /** Values at most one unit in the last place away. */
    const nudge: Nudge = (values) => {
      const factors = new Float32Array(values.length);
      random.uniform(factors, -1, 1);
      // Integers, such as labels, stay.
      return values.map((value, i) => (Number.isInteger(value) ? value : value * (1 + (factors[i] ?? 0) * 2 ** -23)));
    };
    const resultsOf = async (engine: Engine, change?: Nudge) => {
      const net = await netFromText(golden.text, { ...setup(golden), engine });
      const seen = await follow(net, golden, undefined, change);
      await net.dispose();
      return seen;
    };
    const exact = await resultsOf(new ReferenceEngine(64));
    const runs = [];
    // The engines add in different orders, and so round differently.
    for (const engine of [new ReferenceEngine(32), await engineOf("wasm on 1 thread")]) {
      for (let i = 0; i < 12; i++) runs.push(await resultsOf(engine, i === 0 ? undefined : nudge));
    }
    for (const name of tensors) {
      const wanted = exact.get(name) ?? [];
      const own = Math.max(...runs.map((seen) => distance(seen.get(name), wanted)));
      const theirs = distance(golden.tensors.get(name)?.data, wanted);
      expect(own, name).toBeLessThan(0.1);
      expect(theirs, name).toBeLessThan(4 * own);
    }
  },
);
