import { expect, test } from "vitest";
import { netFromText } from "../../../test/nets.js";
import { ReferenceEngine } from "../../engines/reference/index.js";
import type { Net } from "../net.js";

const zero = "param { lr_mult: 0 } ";

/** Frozen layers, with BatchNorms that have this many specs, and above them layers that learn. */
const netOf = (specs: number) => `
  layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 6 dim: 2 dim: 5 dim: 5 } shape { dim: 6 dim: 3 } data_filler { type: "uniform" min: -1 } data_filler { type: "uniform" } } }
  layer { name: "bx" type: "BatchNorm" bottom: "x" top: "x" ${zero.repeat(specs)} }
  layer { name: "c" type: "Convolution" bottom: "x" top: "c" ${zero} convolution_param { num_output: 4 kernel_size: 3 bias_term: false weight_filler { type: "msra" } } }
  layer { name: "bc" type: "BatchNorm" bottom: "c" top: "c" ${zero.repeat(specs)} }
  layer { name: "sc" type: "Scale" bottom: "c" top: "c" ${zero.repeat(2)} scale_param { bias_term: true } }
  layer { name: "rc" type: "ReLU" bottom: "c" top: "c" }
  layer { name: "d" type: "Convolution" bottom: "c" top: "d" convolution_param { num_output: 4 kernel_size: 2 weight_filler { type: "msra" } } }
  layer { name: "bd" type: "BatchNorm" bottom: "d" top: "d" }
  layer { name: "sd" type: "Scale" bottom: "d" top: "d" scale_param { bias_term: true } }
  layer { name: "f" type: "InnerProduct" bottom: "d" top: "f" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "l" type: "EuclideanLoss" bottom: "f" bottom: "t" top: "l" }`;

const load = (specs: number, keep: "all" | "outputs", header = ""): Promise<Net> =>
  netFromText(header + netOf(specs), { engine: new ReferenceEngine(), seed: 3, keep });

const backwardOf = (net: Net) =>
  (net.execution.plan.backward ?? []).map((step) => {
    return `${net.layers[step.layer]?.name} ${step.kind === "kernel" ? step.kernel : step.label}`;
  });

test("with outputs kept, backward takes the steps that it takes with three specs", async () => {
  const [none, three] = [await load(0, "outputs"), await load(3, "outputs")];
  expect(backwardOf(none)).toEqual(backwardOf(three));
  expect(backwardOf(none).at(-1)).toMatch(/^d convBackward/);
  await none.dispose();
  await three.dispose();
});

test("with all kept, the gradients down to the lowest BatchNorm are there", async () => {
  const net = await load(0, "all");
  expect(backwardOf(net).at(-1)).toBe("bx batchNormBackward");
  await net.forward();
  await net.backward();
  for (const name of ["x", "c", "d"]) expect(net.blobs.get(name)?.diff.some((value) => value !== 0)).toBe(true);
  await net.dispose();
});

test("parameters get the same gradients, and what was left out says so where it is read", async () => {
  const [all, outputs] = [await load(0, "all"), await load(0, "outputs")];
  for (let run = 0; run < 2; run++) {
    for (const net of [all, outputs]) {
      net.clearParamDiffs();
      await net.forward();
      await net.backward();
    }
    for (const [i, { tensor }] of all.learnables.entries()) {
      const own = outputs.learnables[i]?.tensor.diff.array ?? [];
      for (const [at, value] of tensor.diff.array.entries()) expect(own[at]).toBeCloseTo(value, 4);
    }
  }
  expect(() => outputs.blobs.get("x")?.diff).toThrow(/keep: "all"/);
  await all.dispose();
  await outputs.dispose();
});

test("a run from layer to layer, as debug_info makes it, takes all steps", async () => {
  const logs = await Promise.all(
    (["all", "outputs"] as const).map(async (keep) => {
      const lines: string[] = [];
      const log = (_: string, __: string, text: string) => void (text.startsWith("    [") && lines.push(text));
      const net = await netFromText(`debug_info: true ${netOf(0)}`, {
        engine: new ReferenceEngine(),
        seed: 3,
        keep,
        log,
      });
      await net.forward();
      await net.backward();
      await net.dispose();
      return lines;
    }),
  );
  expect(logs[0]).toEqual(logs[1]);
  expect(logs[0]?.filter((line) => line.includes("[Backward] Layer c, bottom blob x diff: ")).length).toBe(1);
});

test("a part of backward that ends between the frozen layers runs them", async () => {
  const [all, outputs] = [await load(0, "all"), await load(0, "outputs")];
  for (const net of [all, outputs]) {
    await net.forward();
    await net.backward({ to: "sc" });
  }
  expect([...(outputs.blobs.get("c")?.diff ?? [])]).toEqual([...(all.blobs.get("c")?.diff ?? [])]);
  await all.dispose();
  await outputs.dispose();
});
