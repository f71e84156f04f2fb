// Names with control characters and line ends: every command prints them escaped.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dump } from "npyjs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Net } from "../../src/index.js";
import { quote } from "../../src/proto/text/strings.js";
import { moka } from "../cli.js";
import { withBlobs } from "../norm-nets.js";

const folder = mkdtempSync(join(tmpdir(), "moka-evil-"));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => void vi.stubEnv("NO_COLOR", "1"));
afterAll(() => void vi.unstubAllEnvs());

const evil = [
  "\u001b[31mred\u001b[2J",
  "\u001b]8;;http://a.test\u0007link\u001b]8;;\u0007",
  "\u009b31mC1\u0085\u0007\b\b",
  "\u202egnp.exe\u2066\u200f",
  "a\n::error file=x,line=1::fake",
  "b\r\n::set-output name=x::y\r::warning::z",
  "%0A::error::fake%1B[31m",
  "c\u2028::error::fake\u2029\v\f",
  "<script>alert(1)</script>\"'&]]>",
  `long ${"x".repeat(60)}`,
];
const name = (index: number, what = "") => quote(`${what}${evil[index % evil.length]}`, false);
const all = evil.map((_, index) => index);

const trainval = `name: ${name(4)}
layer { name: ${name(0, "data")} type: "DummyData" top: "x" top: "t"
  dummy_data_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } shape { dim: 2 } } }
${all.map((index) => `layer { name: ${name(index, "bn")} type: "BatchNorm" bottom: ${index === 0 ? '"x"' : name(index - 1, "y")} top: ${name(index, "y")} }`).join("\n")}
layer { name: ${name(4, "ip")} type: "InnerProduct" bottom: ${name(evil.length - 1, "y")} top: ${name(5, "ip")}
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } param { name: ${name(4, "w")} } }
layer { name: ${name(4, "acc")} type: "Accuracy" bottom: ${name(5, "ip")} bottom: "t" top: ${name(4, "acc")} include { phase: TEST } }
layer { name: ${name(4, "loss")} type: "SoftmaxWithLoss" bottom: ${name(5, "ip")} bottom: "t" top: ${name(4, "loss")} }
`;
const deploy = `name: ${name(4)}
layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
layer { name: ${name(4, "conv")} type: "Convolution" bottom: "x" top: ${name(4, "conv")} convolution_param { num_output: 2 kernel_size: 1 } }
${all.map((index) => `layer { name: ${name(index, "bn")} type: "BatchNorm" bottom: ${index === 0 ? name(4, "conv") : name(index - 1, "y")} top: ${name(index, "y")} }`).join("\n")}
`;
const toClassify = `name: ${name(4)}
layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 10 dim: 3 dim: 4 dim: 4 } } }
layer { name: ${name(4, "ip")} type: "InnerProduct" bottom: "x" top: ${name(4, "ip")} inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
`;
const old = all
  .map((index) => `layers { name: ${name(index)} type: RELU bottom: ${name(index)} top: ${name(index)} }\n`)
  .join("");
/** Nets that every command refuses, with errors that have names in them. */
const broken = [
  ...all.map((index) => `layer { name: ${name(index)} type: ${name(index)} bottom: "x" top: "y" }\n`),
  ...all.map((index) => `layer { name: ${name(index)} type: "ReLU" bottom: ${name(index)} top: "y" }\n`),
  ...all.map(
    (index) => `layer { name: "a" type: "Input" top: "x" input_param { shape { dim: 2 } } }
layer { name: ${name(index)} type: "Convolution" bottom: "x" top: ${name(index)} convolution_param { num_output: 2 kernel_size: 9 weight_filler { type: ${name(index)} } } }\n`,
  ),
  `layer { name: ${name(4)} type: "Data" top: "x" data_param { source: ${name(4)} batch_size: 1 } }\n`,
  `layer { name: ${name(4)} type: "Python" top: "x" python_param { module: ${name(4)} layer: ${name(5)} } }\n`,
  `na\u001b[31mme\u009b: "a"\n\u202elayer { x\u2028y: 1 }\n`,
  readFileSync(fileURLToPath(new URL("../cases/terminal-escape/inj.prototxt", import.meta.url)), "utf8"),
];

/** The lines of an output, after its characters have been looked at. */
function looksHarmless(output: string, ...calls: readonly unknown[]): void {
  const where = JSON.stringify(calls).slice(0, 300);
  expect(output.match(/(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u)?.[0], where).toBeUndefined();
  const begun = output
    .split("\n")
    .filter((line) => /^\s*::/.test(line) && !/^::(error|warning|notice) file=/.test(line));
  expect(begun, where).toEqual([]);
  const annotations = output.split("\n").filter((line) => /^::\w+ /.test(line));
  for (const line of annotations) expect(line, where).toMatch(/^::\w+ file=[^:]*\.prototxt,line=\d+,col=\d+,/);
}

async function harmless(...call: readonly string[]) {
  const { code, out, err } = await moka(...call);
  looksHarmless(out, call, "stdout");
  looksHarmless(err, call, "stderr");
  return { code, out, err };
}

describe("names of a net", () => {
  const [model, weights, net] = [at("deploy.prototxt"), at("w.caffemodel"), at("net.prototxt")];
  const own = at("net.caffemodel");
  const classified = at("classified.prototxt");
  const files: Readonly<Record<string, string>> = {
    OUT: at("out"),
    "OUT.svg": at("out.svg"),
    SOLVER: at("solver.prototxt"),
    PICTURE: at(`${evil[4]?.replaceAll("/", "")}.png`),
    LABELS: at("labels.txt"),
    OLD: at(`old${evil[4]?.replaceAll("/", "")}`),
  };
  beforeAll(async () => {
    writeFileSync(model, deploy);
    writeFileSync(net, trainval);
    const save = async (text: string, path: string) => {
      const loaded = await Net.load(text, { engine: "reference", phase: "TEST" });
      await loaded.save(path);
      await loaded.dispose();
    };
    await save(deploy, weights);
    await save(trainval, own);
    await save(toClassify, at("classified.caffemodel"));
    writeFileSync(classified, toClassify);
    const picture = new URL("../golden/data/inputs/images/small.png", import.meta.url);
    copyFileSync(picture, files["PICTURE"] ?? "");
    writeFileSync(files["LABELS"] ?? "", evil.map((each) => each.replaceAll(/[\r\n]/g, " ")).join("\n"));
    writeFileSync(files["OLD"] ?? "", old);
    const solver = `net: "net.prototxt" base_lr: 0.01 lr_policy: "fixed" max_iter: 3 display: 1 test_iter: 1 test_interval: 2 snapshot_prefix: "s" snapshot_after_train: false debug_info: true\n`;
    writeFileSync(at("solver.prototxt"), solver);
  });

  test.each([
    [0, ["summary", model]],
    [0, ["summary", model, "--json"]],
    [0, ["explain", model]],
    [0, ["explain", net, "--phase", "TRAIN", "--json"]],
    [0, ["draw", model, "OUT.svg"]],
    [0, ["stats", weights]],
    [0, ["stats", model, weights, "--json"]],
    [0, ["run", "--model", model, "--weights", weights, "--input", "x=zeros"]],
    [0, ["fold", model, weights]],
    [0, ["fold", model, weights, "--json"]],
    [undefined, ["doctor", net, own]],
    [undefined, ["doctor", net, own, "--json"]],
    [undefined, ["calibrate", net, own, "-o", "OUT"]],
    [undefined, ["calibrate", net, own, "-o", "OUT", "--json"]],
    [0, ["classify", classified, at("classified.caffemodel"), "PICTURE", "--labels", "LABELS"]],
    [0, ["classify", classified, at("classified.caffemodel"), "PICTURE", "--labels", "LABELS", "--json"]],
    [0, ["extract_features", own, net, `y${evil[0]}`, at(`features${evil[0]}`), "1", "lmdb"]],
    [0, ["extract_features", own, net, `y${evil[0]}`, at(`features${evil[1]?.replaceAll("/", "")}`), "1", "npy"]],
    [0, ["upgrade", "OLD", at(`new${evil[0]}`)]],
    [0, ["upgrade_net_proto_text", "OLD", at(`new${evil[4]?.replaceAll("/", "")}`)]],
    [0, ["time", "--model", model, "--iterations", "1"]],
    [undefined, ["test", "--model", net, "--weights", own, "--iterations", "1"]],
    [0, ["train", "--solver", "SOLVER"]],
    [undefined, ["lint", model, net]],
    [undefined, ["lint", model, net, "--all", "--weights", weights]],
    [undefined, ["lint", model, net, "--json"]],
    [undefined, ["lint", model, net, "--format", "github", "--weights", weights]],
    [undefined, ["lint", model, net, "--format", "sarif"]],
    [undefined, ["fix", model, "-o", "OUT"]],
    [undefined, ["fix", net, "-o", "OUT", "--json"]],
  ])("%# %s %j", async (expected, call) => {
    const { code, out, err } = await harmless(...call.map((each) => files[each] ?? each));
    if (expected !== undefined) expect([code, err]).toEqual([expected, err]);
    if (call.includes("--json"))
      expect(() =>
        out
          .split("\n")
          .filter(Boolean)
          .map((line) => JSON.parse(line)),
      ).not.toThrow();
  });

  test("in what the doctor tried, in its causes and in its notes", async () => {
    const norm = (index: number, bottom: string) =>
      `layer { name: ${name(index, "bn")} type: "BatchNorm" bottom: ${bottom} top: ${name(index, "n")} }`;
    const relu = `layer { name: ${name(2, "relu")} type: "ReLU" bottom: ${name(0, "n")} top: ${name(0, "n")} }\n`;
    const text = `name: ${name(4)}
layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 32 dim: 6 } } }
${norm(0, '"x"')}
${relu}layer { name: ${name(4, "ip")} type: "InnerProduct" bottom: ${name(0, "n")} top: ${name(4, "ip")} inner_product_param { num_output: 6 weight_filler { type: "xavier" } } }
${norm(1, name(4, "ip"))}
`;
    const [examined, blobs, rows] = [at("examined.prototxt"), at("examined.caffemodel"), at("rows.npy")];
    // The record in the weights has a ReLU that the net has not.
    writeFileSync(examined, text.replace(relu, ""));
    const loaded = await Net.load(text, { engine: "reference", phase: "TEST" });
    await loaded.save(blobs);
    await loaded.dispose();
    // The averages of the first fit; those of the second are far off.
    withBlobs(blobs, blobs, `bn${evil[0]}`, (values, index) => values.fill(index === 0 ? 0 : 1));
    withBlobs(blobs, blobs, `bn${evil[1]}`, (values) => values.fill(1));
    const values = Float32Array.from({ length: 64 * 6 }, (_, i) => Math.sqrt(2) * Math.sin(i * i + i));
    writeFileSync(rows, new Uint8Array(dump(values, [64, 6])));
    const call = ["doctor", examined, blobs, "--data", `x=${rows}`];
    const { tried, causes, notes } = JSON.parse((await harmless(...call, "--json")).out);
    const fields = [tried, causes.flatMap((cause: { evidence: string[] }) => cause.evidence), notes];
    for (const lines of fields) expect(lines.join("\n")).toMatch(/(?!\n)\p{Cc}/u);
    const { out } = await harmless(...call);
    for (const start of ["Tried:", "Possible", "  +", "  Remedy:", "Note:"]) expect(out).toContain(`\n${start}`);
  });

  test("in pictures", async () => {
    for (const [file, ...call] of [
      ["a.svg", "draw", model],
      ["c.svg", "stats", weights, "--svg"],
    ]) {
      await harmless(...call, at(file));
      const text = readFileSync(at(file), "utf8");
      expect(text.match(/(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u)?.[0]).toBeUndefined();
      if (file.endsWith(".svg")) expect(text).not.toMatch(/<script|]]>/);
    }
  });
});

test("names in errors", async () => {
  for (const [index, text] of broken.entries()) {
    const path = at(`broken${index}.prototxt`);
    writeFileSync(path, text);
    for (const call of [
      ["lint", path],
      ["lint", path, "--format", "github"],
      ["fix", path, "-o", at("out")],
      ["summary", path],
      ["draw", path],
      ["explain", path],
      ["time", "--model", path, "--iterations", "1"],
      ["fold", path, at("none.caffemodel")],
    ]) {
      await harmless(...call);
    }
  }
});

test("names of files, options and commands", async () => {
  for (const each of evil.slice(0, -1)) {
    for (const call of [
      [each],
      ["lint", each],
      ["lint", `${each}.prototxt`],
      ["summary", `${at("x")}${each}`],
      ["run", "--model", each],
      ["lint", `--${each}`],
      ["stats", each],
      ["lint", "--explain", each],
      ["lint", at("x"), "--rule", `${each}=off`],
      ["train", "--solver", each],
      ["parse_log", each],
      ["convert_imageset", each, each, at("db")],
      ["digits", `${each}\0`],
      ["classify", each, each, each],
      ["extract_features", each, each, each, each, "1", "lmdb"],
      ["extract_features", "w", "n", "b", "o", each, each],
      ["compute_image_mean", each, each],
      ["convert_mnist_data", each, each, each],
      ["convert_mnist_siamese_data", each, each, each],
      ["convert_cifar_data", each, each, each],
      ["upgrade", each, each],
      ["upgrade_net_proto_text", each, each],
      ["doctor", each, each],
      ["calibrate", each, each, "-o", each],
      ["draw_net", each, each],
    ]) {
      await harmless(...call);
    }
  }
});
