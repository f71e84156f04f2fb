import { describe, expect, test } from "vitest";
import { netFromText } from "../../test/nets.js";
import { type Bucket, bucketsOf, completedBy, defaultBucketBytes } from "./gradient-buckets.js";
import type { Net } from "./net.js";
import { usesOf } from "./uses.js";

const input = `layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: 2 dim: 4 } shape { dim: 2 dim: 4 } } }`;
const product = (name: string, bottom: string, fields = "") => `
  layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}" ${fields}
    inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }`;
const loss = (bottom: string) => `
  layer { name: "loss" type: "EuclideanLoss" bottom: "${bottom}" bottom: "t" top: "loss" }`;

/** Three layers with 16 weights and 4 biases each. */
const three = input + product("a", "x") + product("b", "a") + product("c", "b") + loss("c");

async function withNet<T>(text: string, look: (net: Net) => T | Promise<T>): Promise<T> {
  const net = await netFromText(text, { phase: "TRAIN" });
  try {
    return await look(net);
  } finally {
    await net.dispose();
  }
}

/** `c.0 c.1 after c (80 bytes)` for each bucket. */
const shown = (net: Net, buckets: readonly Bucket[]) =>
  buckets.map(({ learnables, bytes, after }) => {
    const names = learnables.map(({ layer, index }) => `${layer.name}.${index}`);
    return `${names.join(" ")} after ${net.layers[after]?.name} (${bytes} bytes)`;
  });

const bucketsOfText = (text: string, bytes?: number) =>
  withNet(text, (net) => shown(net, bucketsOf(net.nodes, net.learnables, bytes)));

describe("buckets of gradients", () => {
  test("all that fits into the default size is one message, complete after the lowest layer", async () => {
    expect(defaultBucketBytes(240)).toBe(6708);
    expect(await bucketsOfText(three)).toEqual(["c.0 c.1 b.0 b.1 a.0 a.1 after a (240 bytes)"]);
  });

  test("the default size grows as the root of all gradients, so that large nets have more buckets", async () => {
    const wide = (name: string, bottom: string) => product(name, bottom).replace("num_output: 4", "num_output: 300");
    const text = input + wide("a", "x") + wide("b", "a") + wide("c", "b") + product("d", "c") + loss("d");
    // 363,600 bytes from b down to a, in buckets of √(736,816·187,500) = 371,691 bytes.
    expect(await bucketsOfText(text)).toEqual([
      "d.0 d.1 c.0 c.1 after c (366016 bytes)",
      "b.0 b.1 a.0 a.1 after a (367200 bytes)",
    ]);
  });

  test("a bucket takes layers from the top down, up to its size", async () => {
    expect(await bucketsOfText(three, 160)).toEqual([
      "c.0 c.1 b.0 b.1 after b (160 bytes)",
      "a.0 a.1 after a (80 bytes)",
    ]);
  });

  test.each([0, 79, 159])("the gradients of one layer stay together, also above %i bytes", async (bytes) => {
    expect(await bucketsOfText(three, bytes)).toEqual([
      "c.0 c.1 after c (80 bytes)",
      "b.0 b.1 after b (80 bytes)",
      "a.0 a.1 after a (80 bytes)",
    ]);
  });

  test("a shared parameter is complete after the lowest layer that adds to it", async () => {
    const shared = 'param { name: "w" } param { lr_mult: 2 }';
    const text = input + product("a", "x", shared) + product("b", "a") + product("c", "b", shared) + loss("c");
    expect(await bucketsOfText(text, 0)).toEqual([
      "c.1 after c (16 bytes)",
      "b.0 b.1 after b (80 bytes)",
      "a.0 a.1 after a (80 bytes)",
    ]);
  });

  test("a parameter that one layer owns and a later one alone adds to is complete after that one", async () => {
    const text = `${input}
      ${product("a", "x", 'param { name: "w" } param { lr_mult: 0 } propagate_down: false')}
      layer { name: "silent" type: "Silence" bottom: "a" }
      ${product("b", "x")} ${product("c", "b", 'param { name: "w" }')} ${loss("c")}`;
    expect(await bucketsOfText(text, 0)).toEqual(["a.0 c.1 after c (80 bytes)", "b.0 b.1 after b (80 bytes)"]);
  });

  test("parameters that do not learn, and those under no loss, take no part", async () => {
    const text = `${input} ${product("a", "x", "param { lr_mult: 0 } param { lr_mult: 0 }")}
      ${product("b", "a", "param { lr_mult: 0 } param { lr_mult: 1 }")} ${product("c", "b")}
      ${product("d", "b")} layer { name: "silent" type: "Silence" bottom: "d" } ${loss("c")}`;
    expect(await bucketsOfText(text, 0)).toEqual(["c.0 c.1 after c (80 bytes)", "b.1 after b (16 bytes)"]);
    expect(await bucketsOfText(input + loss("x"))).toEqual([]);
  });

  test("lr_mult 0 and force_backward: the gradients count in clip_gradients, so they are summed too", async () => {
    const frozen = product("a", "x", "param { lr_mult: 0 } param { lr_mult: 0 }");
    const text = `force_backward: true ${input} ${frozen} ${product("b", "a")} ${loss("b")}`;
    expect(await bucketsOfText(text, 0)).toEqual(["b.0 b.1 after b (80 bytes)", "a.0 a.1 after a (80 bytes)"]);
  });

  test("BatchNorm's own three blobs take no part if the prototxt gives them lr_mult 0", async () => {
    const specs = "param { lr_mult: 0 } ".repeat(3);
    const text = `${input} ${product("a", "x")}
      layer { name: "norm" type: "BatchNorm" bottom: "a" top: "a" ${specs} }
      layer { name: "scale" type: "Scale" bottom: "a" top: "a" scale_param { bias_term: true } } ${loss("a")}`;
    expect(await bucketsOfText(text, 0)).toEqual([
      "scale.0 scale.1 after scale (32 bytes)",
      "a.0 a.1 after a (80 bytes)",
    ]);
  });
});

test("the step that completes a bucket is the last that writes its gradients, also in a fused program", async () => {
  const text = `${input} ${product("a", "x")}
    layer { name: "norm" type: "BatchNorm" bottom: "a" top: "a" ${"param { lr_mult: 0 } ".repeat(3)} }
    layer { name: "scale" type: "Scale" bottom: "a" top: "a" scale_param { bias_term: true } }
    layer { name: "relu" type: "ReLU" bottom: "a" top: "a" } ${product("b", "a")} ${loss("b")}`;
  await withNet(text, (net) => {
    const backward = net.execution.plan.backward ?? [];
    const buckets = bucketsOf(net.nodes, net.learnables, 0);
    const ends = completedBy(buckets, backward);
    expect(ends).toHaveLength(3);
    for (const [i, { learnables }] of buckets.entries()) {
      const spans = new Set(learnables.map(({ tensor }) => tensor.diff.root));
      const writing = backward.flatMap((step, index) =>
        usesOf(step).writes.some(({ span }) => spans.has(span.root)) ? [index] : [],
      );
      expect(ends[i]).toBe(writing.at(-1));
    }
    const [product, scale] = ends.map((end) => backward[end]);
    expect(product?.layer).toBe(buckets[0]?.after);
    // The fused step is BatchNorm's, one layer below Scale.
    expect(scale).toMatchObject({ kernel: "batchNormFusedBackward", layer: (buckets[1]?.after ?? 0) - 1 });
  });
});
