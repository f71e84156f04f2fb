import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

const model = fileURLToPath(new URL("../../../test/golden/train/article_sgd/train_val.prototxt", import.meta.url));

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "moka-scale-"));
});
afterAll(() => rm(folder, { recursive: true }));

const quick = ["--iterations", "2", "--threads", "1", "--engine", "wasm", "--cores", "2"];
const net = (fields = "") => `name: "small"
  layer { name: "in" type: "Input" top: "x" top: "label" input_param { shape { dim: 4 dim: 8 } shape { dim: 4 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } ${fields} }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

describe("moka scale", () => {
  test("prints what was measured, and a row for each number of ranks, in 100 columns", async () => {
    const { code, out } = await moka("scale", model, ...quick, "--ranks", "1,2,...,1024");
    expect(code).toBe(0);
    const lines = out.split("\n").filter((line) => !line.startsWith("note:"));
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
    expect(out).toMatch(/, phase TRAIN, WebAssembly .*1 thread, SGD\nmeasured: batch \d+: .* ms ± \d+ % \(forward /);
    expect(out).toMatch(/\ngradients: [\d.]+ kB in \d+ buckets?, the largest of /);
    expect(out).toMatch(/\nhosts: 25\.0 Gbit\/s, 20\.0 µs, 1 rank each\n/);
    expect(out).toMatch(/\nranks +batch +iteration +images\/s +efficiency +hidden +limit +90 % needs +hosts ×\n/);
    const rows = lines.flatMap((line) => /^ *(\d+) +\d+ +[\d.]+ [mµ]?s +/.exec(line)?.[1] ?? []);
    expect(rows).toEqual(["1", "2", "4", "8", "16", "32", "64", "128", "256", "512", "1024"]);
  });

  test("--json has all of it; predictions follow from the links that are given", async () => {
    const run = async (...more: string[]) => {
      const { out } = await moka("scale", net(), ...quick, "--ranks", "1,8", "--json", ...more);
      return JSON.parse(out);
    };
    const { name, measured, gradients, predictions, cluster, notes } = await run(
      "--bandwidth",
      "1Mbit",
      "--latency",
      "5ms",
    );
    expect(name).toBe("small");
    expect(measured).toMatchObject([{ batch: 4, iterations: 2, syncBatchNorm: false }]);
    expect(gradients).toEqual({ bytes: 180, buckets: [{ bytes: 180, after: expect.any(Number) }] });
    expect(measured[0].steps.forward.map(({ layer }: { layer: string }) => layer)).toContain("ip");
    expect(cluster.remote).toEqual({ latency: 0.005, secondsPerByte: 8e-6 });
    expect(notes).toEqual([]);
    const [one, eight] = predictions;
    expect(one).toMatchObject({ ranks: 1, efficiency: expect.closeTo(1, 9), limit: "compute" });
    // Three messages: the loss is hidden or not, the gradients and the order of the day are not; each has 3 steps or 6 of 5 ms.
    expect(eight.seconds).toBeGreaterThan(0.03);
    expect(eight).toMatchObject({ ranks: 8, hosts: 8, batch: 4, limit: "latency" });
    expect(eight.efficiency).toBeLessThan(0.5);
    const half = await run("--gradient-bytes", "2", "--algorithm", "ring", "--solver", "Adam", "--bucket", "1kB");
    expect(half).toMatchObject({ gradients: { bytes: 90 }, solver: "Adam" });
    expect(half.predictions[1].algorithm).toBe("ring");
  });

  test("--global-batch divides one batch among the ranks, from times of several batches", async () => {
    const { out } = await moka("scale", net(), ...quick, "--ranks", "1,2,3,16", "--global-batch", "16", "--json");
    const { measured, fitError, predictions, notes } = JSON.parse(out);
    expect(measured.map(({ batch }: { batch: number }) => batch)).toEqual([1, 2, 4]);
    expect(fitError).toBeGreaterThanOrEqual(0);
    expect(predictions.map(({ batch }: { batch: number }) => batch)).toEqual([16, 8, 6, 1]);
    expect(notes).toEqual([
      "16 records do not divide by 3 ranks: the largest part is what counts",
      "the times of 1, 2, 3 ranks are extrapolated: no batch above 4 was measured",
    ]);
    const text = (await moka("scale", net(), ...quick, "--ranks", "1,4", "--global-batch", "8", "--measure", "2,8"))
      .out;
    expect(text).toMatch(
      /\nmeasured: batch 2: .*\nmeasured: batch 8: .*\ntimes by batch: linear, at most [\d.]+ % from/,
    );
  });

  test("--sync-bn counts the messages of the program that ranks run", async () => {
    const { out } = await moka("scale", model, ...quick, "--ranks", "1,8", "--sync-bn", "--latency", "5ms", "--json");
    const { measured, sync, predictions, notes } = JSON.parse(out);
    expect(measured.map(({ syncBatchNorm }: { syncBatchNorm: boolean }) => syncBatchNorm)).toEqual([false, true]);
    // The net has BatchNorm layers; each sums in forward and in backward.
    expect(sync.messages).toBeGreaterThan(1);
    expect(sync.bytes).toBeGreaterThan(16 * sync.messages);
    expect(predictions[0].blocked).toBe(0);
    // A tree of 8 ranks has 3 steps.
    expect(predictions[1].blocked).toBeGreaterThan(sync.messages * 0.015);
    expect(["sync-BN", "latency"]).toContain(predictions[1].limit);
    expect(notes.join()).not.toContain("--sync-bn changes nothing");
    const without = JSON.parse((await moka("scale", net(), ...quick, "--ranks", "2", "--sync-bn", "--json")).out);
    expect(without.sync).toEqual({ messages: 0, bytes: 0 });
    expect(without.notes).toEqual(["no layer sums statistics over ranks: --sync-bn changes nothing in this net"]);
  });

  test("--svg draws it", async () => {
    const file = join(folder, "scale.svg");
    const { code, out } = await moka("scale", net(), ...quick, "--ranks", "1,2,4", "--svg", file);
    expect(code).toBe(0);
    expect(out).toContain(`Wrote ${file}`);
    expect(await readFile(file, "utf8")).toMatch(/^<svg .*small, batch 4 a rank: 25\.0 Gbit\/s, 20\.0 µs/s);
  });

  test("data that are not there, and a net without a loss, are said", async () => {
    const data = `name: "deploy" layer { name: "db" type: "Data" top: "x" data_param { source: "nowhere" batch_size: 3 } }
      layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 5 } }`;
    const { code, out } = await moka("scale", data, ...quick, "--ranks", "1,2", "--shape", "x=3,2,4,4");
    expect(code).toBe(0);
    expect(out).toContain('note: data layer "db" (Data) is not read: "x" is an input of 3×2×4×4');
    expect(out).toContain(
      'note: net "deploy" has no loss: the top of its last layer, "ip" (InnerProduct), counts as one',
    );
    const without = await moka("scale", data, ...quick);
    expect(without.code).toBe(2);
    expect(without.err).toMatch(
      /the shape of "x" of data layer "db" \(Data\) is not known; give --shape x=32,3,224,224: .*nowhere/,
    );
  });

  test.each([
    [["--bandwidth", "25"], '--bandwidth must be a rate with its unit, as 25Gbit, 100Mbit/s or 10GB, not "25"'],
    [["--latency", "fast"], '--latency must be a time with its unit, as 20us or 1ms, not "fast"'],
    [["--ranks", "1,two"], '--ranks must be whole numbers from 1 on, as 1,2,4,…,1024, not "1,two"'],
    [["--bucket", "4"], '--bucket must be a size with its unit, as 4MiB or 500kB, not "4"'],
    [["--progress", "2"], '--progress must be a number from 0 to 1, not "2"'],
    [["--measure", "1,2"], "--measure is for --global-batch"],
    [["--batch", "2", "--global-batch", "8"], "give --batch, the records of each rank, or --global-batch"],
  ])("refuses %j", async (options, message) => {
    const { code, err } = await moka("scale", net(), ...options);
    expect(code).toBe(2);
    expect(err).toContain(`moka: ${message}`);
    expect(err).toContain("[MOKA_USAGE]");
  });

  test("a net in which nothing learns is refused", async () => {
    const { err } = await moka("scale", net("param { lr_mult: 0 } param { lr_mult: 0 }"), ...quick);
    expect(err).toContain('net "small" has no gradients: no parameter learns under a loss [MOKA_USAGE]');
  });
});
