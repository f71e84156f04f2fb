import { expect, test } from "vitest";
import { netFromText } from "../../test/nets.js";
import { alone } from "../core/communicator.js";
import type { GradientGroup } from "../core/passes/announce-gradients.js";
import { RankGradients } from "./rank-gradients.js";

/** Three layers with gradients of 200 kB each, one message each. */
const three = `
  layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: 1 dim: 224 } shape { dim: 1 dim: 224 } } }
  ${["a", "b", "c"]
    .map(
      (name, i) => `layer { name: "${name}" type: "InnerProduct" bottom: "${"xab"[i]}" top: "${name}"
        inner_product_param { num_output: 224 bias_term: false weight_filler { type: "xavier" } } }`,
    )
    .join("")}
  layer { name: "loss" type: "EuclideanLoss" bottom: "c" bottom: "t" top: "loss" }`;

test("messages are sent in the order of the buckets, whatever order a rank's program completes them in", async () => {
  const net = await netFromText(three, { phase: "TRAIN" });
  const sent: number[] = [];
  let groups: readonly GradientGroup[] = [];
  const announceGradients = (given: readonly GradientGroup[]) => {
    groups = given;
  };
  const watched = new Proxy(net, {
    get: (target, name) => (name === "announceGradients" ? announceGradients : Reflect.get(target, name, target)),
  });
  const gradients = new RankGradients(watched, {
    ...alone,
    size: 2,
    allReduce: async (values) => void sent.push(values[0] ?? 0),
  });
  expect(gradients.buckets).toHaveLength(3);
  gradients.buckets.forEach(({ learnables }, i) => void learnables[0]?.tensor.diff.array.fill(i));
  for (let iteration = 0; iteration < 2; iteration++) {
    groups[0]?.ready(); // not the last backward of this iteration
    expect(sent).toEqual([]);
    gradients.expectLast();
    groups[1]?.ready();
    expect(sent).toEqual([]);
    groups[0]?.ready();
    expect(sent).toEqual([0, 1]);
    await gradients.finish();
    expect(sent.splice(0)).toEqual([0, 1, 2]);
  }
  gradients.release();
  await net.dispose();
});
