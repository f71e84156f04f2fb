import { describe, expect, test } from "vitest";
import { localRanks } from "../../../test/local-ranks.js";
import { netFromText } from "../../../test/nets.js";
import { expectEqualToOne, rankNets, stepAll } from "../../../test/rank-nets.js";
import { ReferenceEngine } from "../../engines/reference/index.js";
import { WasmEngine } from "../../engines/wasm/index.js";

const inputs = (batch: number, shape = [batch, 3, 6, 5]) =>
  `layer { name: "x" type: "Input" top: "x" top: "label" input_param {
     shape { ${shape.map((dim) => `dim: ${dim}`).join(" ")} } shape { dim: ${batch} } } }`;
const conv = (name: string, bottom: string) =>
  `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}"
     convolution_param { num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "msra" } bias_filler { type: "uniform" } } }`;
const norm = (bottom: string, top = bottom, param = "") =>
  `layer { name: "bn_${top}" type: "BatchNorm" bottom: "${bottom}" top: "${top}" batch_norm_param { moving_average_fraction: 0.9 ${param} } }`;
const scale = (blob: string) =>
  `layer { name: "scale_${blob}" type: "Scale" bottom: "${blob}" top: "${blob}" scale_param {
     filler { type: "uniform" min: 0.5 max: 2 } bias_term: true bias_filler { type: "uniform" min: -1 } } }`;
const relu = (blob: string, slope = 0) =>
  `layer { name: "relu_${blob}" type: "ReLU" bottom: "${blob}" top: "${blob}" relu_param { negative_slope: ${slope} } }`;
const pool = (blob: string, method: string) =>
  `layer { name: "pool" type: "Pooling" bottom: "${blob}" top: "pool" pooling_param { pool: ${method} kernel_size: 2 stride: 2 } }`;
const loss = (bottom: string) => `
  layer { name: "ip" type: "InnerProduct" bottom: "${bottom}" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

/** Nets that synchronized normalization must train as one process does, as their layers after the inputs. */
const nets: Readonly<Record<string, readonly string[]>> = {
  "BatchNorm alone": [norm("x", "y"), loss("y")],
  "in place": [conv("a", "x"), norm("a"), loss("a")],
  "all in place": [conv("a", "x"), norm("a"), scale("a"), relu("a"), conv("b", "a"), norm("b"), scale("b"), loss("b")],
  "leaky, a blob of its own": [conv("a", "x"), norm("a", "y"), scale("y"), relu("y", 0.1), loss("y")],
  "max pooling": [conv("a", "x"), norm("a"), scale("a"), relu("a"), pool("a", "MAX"), loss("pool")],
  "average pooling": [conv("a", "x"), norm("a"), scale("a"), relu("a"), pool("a", "AVE"), conv("b", "pool"), loss("b")],
  "global statistics": [conv("a", "x"), norm("a", "a", "use_global_stats: true"), scale("a"), relu("a"), loss("a")],
  "a residual block": [
    conv("a", "x"),
    norm("a"),
    conv("b", "x"),
    ...[norm("b"), scale("b"), relu("b"), conv("c", "b"), norm("c"), scale("c")],
    'layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "c" top: "sum" }',
    relu("sum"),
    loss("sum"),
  ],
};

const engines = {
  "the reference engine in double precision": () => new ReferenceEngine(64),
  "wasm on 1 thread": () => WasmEngine.create(),
  "wasm on 2 threads": () => WasmEngine.create({ threads: 2 }),
};

describe.each(Object.entries(engines))("on %s, ranks do what one process does with all batches:", (name, engine) => {
  const tolerance = name.includes("double") ? 1e-10 : 3e-6;
  describe.each(Object.entries(nets))("%s", (_, layers) => {
    const text = (batch: number) => ["force_backward: true", inputs(batch), ...layers].join("\n");
    test("as recorded", () => expectEqualToOne({ text, engine, tolerance, setup: { fuse: false } }));
    test("fused, all blobs kept", () => expectEqualToOne({ text, engine, tolerance, setup: { keep: "all" } }));
    test("fused, outputs kept", () =>
      expectEqualToOne({ text, engine, ranks: 3, tolerance, setup: { keep: "outputs" } }));
  });
});

test.each(["all in place", "max pooling", "a residual block"])(
  "%s, run in parts after a whole run, computes what the recorded steps compute",
  async (name) => {
    const text = ["force_backward: true", inputs(2), ...nets[name]].join("\n");
    const last = text.split("layer {").length - 2;
    for (let cut = 1; cut <= last; cut++) {
      const seen = [];
      for (const setup of [{ keep: "outputs" }, { passes: [] }] as const) {
        const pair = await rankNets(text, { engine: () => new ReferenceEngine(), setup });
        pair.forEach((net, rank) => {
          net.blobs.get("x")?.data.set(Float32Array.from({ length: 180 }, (_, i) => Math.sin(i * i + rank)));
          net.blobs.get("label")?.data.set([1, 2]);
        });
        await stepAll(pair);
        await Promise.all(
          pair.map(async (net) => {
            const count = net.layers.length;
            const at = Math.min(cut, count - 1);
            await net.runForward(0, at - 1);
            await net.runForward(at);
            await net.runBackward(at);
            await net.runBackward(0, at - 1);
          }),
        );
        seen.push(
          pair.flatMap((net) => net.learnables.flatMap(({ tensor: { diff, data } }) => [...diff.array, ...data.array])),
        );
        for (const net of pair) await net.dispose();
      }
      const [fused, plain] = seen as [number[], number[]];
      const off = Math.max(...fused.map((value, i) => Math.abs(value - plain[i])));
      expect(off, `cut before layer ${cut}`).toBeLessThan(5e-5);
    }
  },
);

describe("synchronized", () => {
  const text = `force_backward: true ${inputs(2, [2, 3, 2, 2])} ${norm("x", "y")}`;

  test("the gradient is that of the objective of all ranks together, against differences", async () => {
    const pair = await rankNets(text, { engine: () => new ReferenceEngine(64) });
    const start = pair.map((_, rank) => Array.from({ length: 24 }, (_, i) => Math.sin(3 * i * i + rank)));
    const weights = pair.map((_, rank) => Array.from({ length: 24 }, (_, i) => Math.cos(5 * i * i + rank)));
    const objective = async (index: number, by: number) => {
      pair.forEach((net, rank) => {
        net.blobs.get("x")?.data.set(start[rank]);
        for (const blob of net.params.get("bn_y") ?? []) blob.data.fill(0);
      });
      const x = pair[0].blobs.get("x")?.data ?? [];
      if (index >= 0) x[index] += by;
      await Promise.all(pair.map((net) => net.runForward()));
      return pair.reduce((sum, net, rank) => {
        const y = net.blobs.get("y")?.data ?? [];
        return weights[rank].reduce((total, weight, i) => total + weight * y[i], sum);
      }, 0);
    };
    await objective(-1, 0);
    pair.forEach((net, rank) => {
      net.blobs.get("y")?.diff.set(weights[rank]);
    });
    await Promise.all(pair.map((net) => net.runBackward()));
    const gradient = [...(pair[0].blobs.get("x")?.diff ?? [])];
    for (const [i, value] of gradient.entries()) {
      const numeric = ((await objective(i, 1e-5)) - (await objective(i, -1e-5))) / 2e-5;
      expect(Math.abs(value - numeric) / Math.max(1, Math.abs(value)), `x[${i}]`).toBeLessThan(1e-7);
    }
    expect(gradient.every((value) => value !== 0)).toBe(true);
  });

  test("batches of other sizes count by their values, also an empty one", async () => {
    const sizes = [1, 0, 3];
    const communicators = localRanks(3);
    const all = await Promise.all(
      sizes.map((size, rank) =>
        netFromText(`${inputs(size, [size, 2])} ${norm("x", "y")}`, {
          engine: new ReferenceEngine(64),
          ranks: { communicator: communicators[rank], syncBatchNorm: true, averagesOf: "all" },
        }),
      ),
    );
    const values = [[1, 10], [], [2, 30, 4, 20, 5, 60]];
    await Promise.all(all.map((net, rank) => net.forward({ x: values[rank], label: new Array(sizes[rank]).fill(0) })));
    for (const net of all) {
      const [mean, variance, factor] = net.params.get("bn_y") ?? [];
      expect([...mean.data]).toEqual([3, 30]);
      expect(variance.data[0]).toBeCloseTo((4 + 1 + 1 + 4) / 3, 12);
      expect(variance.data[1]).toBeCloseTo((400 + 0 + 100 + 900) / 3, 12);
      expect(factor.data[0]).toBe(1);
    }
    expect(all[2].blobs.get("y")?.data[0]).toBeCloseTo((2 - 3) / Math.sqrt(2.5 + 1e-5), 12);
  });

  test("what is not a number on one rank is seen on all, in its channel", async () => {
    const pair = await rankNets(text, { engine: () => WasmEngine.create() });
    const values = Float32Array.from({ length: 24 }, (_, i) => i % 7);
    pair[0].blobs.get("x")?.data.set(values);
    values[5] = Number.NaN;
    pair[1].blobs.get("x")?.data.set(values);
    await Promise.all(pair.map((net) => net.runForward()));
    for (const net of pair) {
      const y = [...(net.blobs.get("y")?.data ?? [])];
      expect(y.map((value, i) => Number.isNaN(value) === (Math.floor(i / 4) % 3 === 1)).every(Boolean)).toBe(true);
    }
  });

  test("a mean ten thousand deviations from 0 costs few digits, at first and when the averages know it", async () => {
    const engine = () => WasmEngine.create();
    const pair = await rankNets(text, { engine });
    const values = pair.map((_, rank) => Float32Array.from({ length: 24 }, (_, i) => 1e4 + Math.sin(3 * i * i + rank)));
    for (let run = 0; run < 3; run++) {
      pair.forEach((net, rank) => {
        net.blobs.get("x")?.data.set(values[rank]);
      });
      await Promise.all(pair.map((net) => net.runForward()));
    }
    const [, variance, factor] = pair[0].params.get("bn_y") ?? [];
    for (let c = 0; c < 3; c++) {
      const channel = values.flatMap((each) => [...each].filter((_, i) => Math.floor(i / 4) % 3 === c));
      const mean = channel.reduce((sum, value) => sum + value, 0) / 16;
      const expected = channel.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 15;
      expect(variance.data[c] / factor.data[0] / expected).toBeCloseTo(1, 5);
    }
  });

  test("in TEST each rank takes its own batch, and no averages move", async () => {
    const [net] = await rankNets(`${inputs(2, [2, 1])} ${norm("x", "y", "use_global_stats: false")}`, {
      engine: () => new ReferenceEngine(),
      setup: { phase: "TEST" },
    });
    const { y } = await net.forward({ x: [1, 3], label: [0, 0] });
    expect(y[1]).toBeCloseTo(1, 4);
    expect((net.params.get("bn_y") ?? []).flatMap(({ data }) => [...data])).toEqual([0, 0, 0]);
  });
});

describe("not synchronized", () => {
  const text = `force_backward: true ${inputs(4, [4, 2, 3])} ${norm("x", "y")} ${scale("y")} ${relu("y")}`;
  const own = { syncBatchNorm: false, averagesOf: "all" } as const;
  const values = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i * i) + (i % 5));

  test.each(["all", "outputs"] as const)(
    "each rank takes its own batch, and the averages wait for those of all ranks; %s kept",
    async (keep) => {
      for (const make of [() => new ReferenceEngine(), () => WasmEngine.create()]) {
        const [net] = await rankNets(text, { engine: make, setup: { keep } }, own);
        const alone = await netFromText(text, { seed: 5, engine: await make(), keep });
        const layer = net.layers.find(({ type }) => type === "BatchNorm");
        for (let run = 0; run < 3; run++) {
          for (const each of [net, alone]) {
            await each.forward({ x: values.map((value) => value * (run + 1)), label: [0, 0, 0, 0] });
            await each.backward();
          }
          for (const name of ["x", "y"]) {
            expect([...(net.blobs.get(name)?.diff ?? [])]).toEqual([...(alone.blobs.get(name)?.diff ?? [])]);
          }
          expect([...(net.blobs.get("y")?.data ?? [])]).toEqual([...(alone.blobs.get("y")?.data ?? [])]);
          const statistics = layer?.batchStatistics();
          expect(statistics?.count).toBe(12);
          if (run === 0)
            expect((net.params.get("bn_y") ?? []).flatMap(({ data }) => [...data])).toEqual([0, 0, 0, 0, 0]);
          statistics?.average(
            Float64Array.from(statistics.mean.array),
            Float64Array.from(statistics.variance.array),
            12,
          );
          for (const [i, { data }] of (alone.params.get("bn_y") ?? []).entries()) {
            const moved = [...(net.params.get("bn_y")?.[i].data ?? [])];
            // The reference rounds once.
            if (net.engine.name === "wasm") expect(moved).toEqual([...data]);
            for (const [c, value] of data.entries()) expect(moved[c] / value).toBeCloseTo(1, 6);
          }
        }
      }
    },
  );

  test("the statistics are those of the last batch, also where a shape returns whose recording is used again", async () => {
    const [net] = await rankNets(text, { engine: () => WasmEngine.create(), setup: { keep: "outputs" } }, own);
    const layer = net.layers.find(({ type }) => type === "BatchNorm");
    expect(layer?.batchStatistics()).toBeUndefined();
    const seen: unknown[] = [];
    for (const batch of [4, 2, 4, 2]) {
      net.reshape({ x: [batch, 2, 3], label: [batch] });
      await net.forward({ x: values.subarray(0, 6 * batch), label: new Float32Array(batch) });
      const { count, mean } = layer?.batchStatistics() ?? {};
      seen.push(count);
      const first = [...values.subarray(0, 6 * batch)].filter((_, i) => i % 6 < 3);
      expect(mean?.array[0]).toBeCloseTo(first.reduce((sum, value) => sum + value, 0) / first.length, 5);
    }
    expect(seen).toEqual([12, 6, 12, 6]);
  });

  test("with rank 0's averages, each rank moves its own", async () => {
    const [net] = await rankNets(text, { engine: () => new ReferenceEngine() }, { ...own, averagesOf: "root" });
    await net.forward({ x: values, label: [0, 0, 0, 0] });
    expect(net.params.get("bn_y")?.[2].data[0]).toBe(1);
    expect(net.layers.every((layer) => layer.batchStatistics() === undefined)).toBe(true);
  });

  test("a layer that runs by global statistics has none to give", async () => {
    const [net] = await rankNets(
      `${inputs(2)} ${norm("x", "y", "use_global_stats: true")}`,
      {
        engine: () => new ReferenceEngine(),
      },
      own,
    );
    await net.runForward();
    expect(net.layers.every((layer) => layer.batchStatistics() === undefined)).toBe(true);
  });
});

test("a rank that fails ends the forward of the others with its name", async () => {
  const communicators = localRanks(2);
  const [first] = await rankNets(
    `${inputs(2)} ${norm("x", "y")}`,
    { engine: () => new ReferenceEngine() },
    {},
    communicators,
  );
  const run = first.runForward();
  await communicators[1].fail(new Error("no memory"));
  await expect(run).rejects.toThrow(/rank 1 of 2 ended: no memory/);
});

test("one step is one message for forward and one for backward", async () => {
  const communicators = localRanks(2);
  const sizes: number[] = [];
  const counted = communicators.map((each, rank) => ({
    ...each,
    allReduce: (message: Float64Array) => {
      if (rank === 0) sizes.push(message.length);
      return each.allReduce(message);
    },
  }));
  const both = await rankNets(
    `force_backward: true ${inputs(2)} ${norm("x", "y")} ${loss("y")}`,
    { engine: () => new ReferenceEngine() },
    {},
    counted as typeof communicators,
  );
  await stepAll(both);
  expect(sizes).toEqual([7, 6]);
});
