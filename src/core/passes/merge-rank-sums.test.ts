import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rankNets, stepAll } from "../../../test/rank-nets.js";
import { ReferenceEngine } from "../../engines/reference/index.js";
import { alone } from "../communicator.js";
import type { Net } from "../net.js";
import { kernelStep, type Step } from "../program.js";
import { isRankSum, rankSumStep } from "../rank-sum.js";
import { Span } from "../span.js";
import { mergeRankSums } from "./merge-rank-sums.js";
import { PlanDraft } from "./plan-draft.js";

const memory = new ReferenceEngine();
const spans = "abcdefghijklmnop".split("").map((name) => new Span(name, 1, memory));

/** A step that is a sum over ranks, a kernel, or a host step; it writes a span, and reads some. */
interface Given {
  readonly kind: "sum" | "kernel" | "host" | "open";
  readonly reads: readonly number[];
  readonly write: number;
}

/** Each step computes a number of its own from what it reads, so that wrong orders are seen in the result. */
function stepsOf(given: readonly Given[], log: string[]): readonly Step[] {
  return given.map(({ kind, reads: indices, write }, layer): Step => {
    const reads = indices.map((i) => spans[i]);
    const writes = [spans[write]];
    const compute = () => {
      writes[0].array[0] = Math.fround(layer + 1 + reads.reduce((sum, { array }) => 0.37 * sum + array[0], 0));
    };
    if (kind === "sum") {
      return rankSumStep(
        alone,
        [
          {
            count: 1,
            write: (message) => {
              message[0] = layer + 1 + reads.reduce((sum, { array }) => 0.37 * sum + array[0], 0);
            },
            read: (message) => {
              writes[0].array[0] = message[0];
            },
          },
        ],
        { layer, reads, writes },
      );
    }
    const run = () => {
      log.push(`${layer}`);
      compute();
    };
    if (kind === "kernel") {
      const coefficients = reads.map((_, i) => 0.3 + layer / 50 + i / 10);
      return kernelStep("sum", { xs: reads, coefficients, y: writes[0] }, layer);
    }
    return {
      kind: "host",
      label: "host",
      layer,
      run,
      ...(kind === "open" ? { reads: [], writes: [] } : { reads, writes }),
    };
  });
}

async function run(steps: readonly Step[]): Promise<number[]> {
  for (const span of spans) span.array[0] = 0.5;
  for (const step of steps) {
    if (step.kind === "host") await step.run();
    else memory.compile([step]).run(0, 1);
  }
  return spans.map(({ array }) => array[0]);
}

const index = fc.integer({ min: 0, max: spans.length - 1 });
const anyStep = fc.record({
  kind: fc.constantFrom(
    ...[
      "sum",
      "sum",
      "sum",
      "kernel",
      "kernel",
      "kernel",
      "kernel",
      "kernel",
      "kernel",
      "kernel",
      "kernel",
      "host",
      "host",
      "open",
    ],
  ),
  reads: fc.array(index, { minLength: 1, maxLength: 3 }),
  write: index,
}) as fc.Arbitrary<Given>;

test("any steps compute the same, with no more messages, and host steps keep their order", async () => {
  let saved = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 12, maxLength: 24 }), async (given) => {
      const logs: string[][] = [[], []];
      const recorded = stepsOf(given, logs[0]);
      const draft = new PlanDraft({ forward: stepsOf(given, logs[1]), backward: undefined });
      mergeRankSums(draft);
      draft.settle();
      const { forward } = draft.plan;
      expect(await run(forward)).toEqual(await run(recorded));
      expect(logs[1]).toEqual(logs[0]);
      const count = (steps: readonly Step[]) => steps.filter(isRankSum).length;
      const sums = (steps: readonly Step[]) => steps.filter(isRankSum).flatMap((step) => step.sums).length;
      expect(sums(forward)).toBe(sums(recorded));
      saved += count(recorded) - count(forward);
      // Outside of the groups, all is as it was.
      const inGroups = (layer: number) => draft.groups.some(({ layers: [low, high] }) => layer >= low && layer <= high);
      const others = (steps: readonly Step[]) => steps.map(({ layer }) => layer).filter((layer) => !inGroups(layer));
      expect(others(forward)).toEqual(others(recorded));
    }),
    { numRuns: 400, seed: 4 },
  );
  expect(saved).toBeGreaterThan(400);
});

describe("a net with branches", () => {
  const norm = (name: string, bottom: string) => `
    layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "msra" } } }
    layer { name: "bn_${name}" type: "BatchNorm" bottom: "${name}" top: "${name}" }
    layer { name: "scale_${name}" type: "Scale" bottom: "${name}" top: "${name}" scale_param { bias_term: true } }`;
  const relu = (name: string) => `layer { name: "relu_${name}" type: "ReLU" bottom: "${name}" top: "${name}" }`;
  const block = (name: string, bottom: string, drop = "") => `
    ${norm(`${name}1`, bottom)} ${norm(`${name}2a`, bottom)} ${relu(`${name}2a`)} ${drop} ${norm(`${name}2b`, `${name}2a`)}
    layer { name: "${name}" type: "Eltwise" bottom: "${name}1" bottom: "${name}2b" top: "${name}" } ${relu(name)}`;
  const text = (drop = "") => `
    layer { name: "x" type: "Input" top: "x" top: "label" input_param { shape { dim: 3 dim: 3 dim: 6 dim: 5 } shape { dim: 3 } } }
    ${block("p", "x", drop)} ${block("q", "p")}
    layer { name: "ip" type: "InnerProduct" bottom: "q" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;
  const messages = (net: Net) =>
    ([net.execution.plan.forward, net.execution.plan.backward ?? []] as const).map((steps) =>
      steps.filter(isRankSum).map(({ sums }) => sums.length),
    );
  const nets = (own: string, setup = {}) => rankNets(own, { engine: () => new ReferenceEngine(), setup });

  test("has one message for the first sums of both branches, forward and backward", async () => {
    const [net] = await nets(text());
    expect(messages(net)).toEqual([
      [2, 1, 2, 1],
      [2, 1, 2, 1],
    ]);
    const [plain] = await nets(text(), { passes: ["fuse-batch-norm"] });
    expect(messages(plain)).toEqual([
      [1, 1, 1, 1, 1, 1],
      [1, 1, 1, 1, 1, 1],
    ]);
  });

  test.each(["all", "outputs"] as const)("computes the same whole and in parts, %s kept", async (keep) => {
    const all = await Promise.all([nets(text(), { keep }), nets(text(), { keep, passes: [] })]);
    for (const pair of all) {
      pair.forEach((net, rank) => {
        net.blobs.get("x")?.data.set(Float32Array.from({ length: 270 }, (_, i) => Math.sin(i * i + rank)));
        net.blobs.get("label")?.data.set([0, 1, 2]);
      });
      await stepAll(pair);
      // Between two branches whose sums are one message: from here on, the steps run as recorded.
      const cut = pair[0].layers.findIndex(({ name }) => name === "scale_p1");
      await Promise.all(pair.map((net) => net.runForward(0, cut)));
      await Promise.all(pair.map((net) => net.runForward(cut + 1)));
      await Promise.all(pair.map((net) => net.runBackward()));
    }
    const [merged, plain] = all.map((pair) => pair.map((net) => net.learnables.map(({ tensor }) => tensor.diff.array)));
    merged.forEach((diffs, rank) => {
      diffs.forEach((diff, i) => {
        for (const [at, value] of diff.entries()) expect(value).toBeCloseTo(plain[rank][i][at], 4);
      });
    });
    expect(all[0].map(messages)).toEqual(all[1].map(messages));
  });

  test("a dropout between the branches draws what it would draw", async () => {
    const drop = 'layer { name: "drop" type: "Dropout" bottom: "p2a" top: "p2a" }';
    const losses: number[][] = [];
    for (const setup of [{}, { passes: [] }]) {
      const pair = await nets(text(drop), setup);
      for (const net of pair)
        net.blobs.get("x")?.data.set(Float32Array.from({ length: 270 }, (_, i) => Math.sin(i * i)));
      await stepAll(pair);
      losses.push(pair.map((net) => net.blobs.get("loss")?.data[0] ?? Number.NaN));
    }
    losses[0].forEach((loss, rank) => {
      expect(loss).toBeCloseTo(losses[1][rank], 5);
    });
  });
});
