import type { Blob, Net } from "../../index.js";
import { check } from "../../util/errors.js";
import { oneLine } from "../../util/escape.js";
import { cfgOption, readCfg } from "../cfg.js";
import { type Command, command, option, repeated, required } from "../command.js";
import { addNamed, forwardOptions, json, parser, phase, seed, someWeights, stateOptions } from "../options.js";
import { print, printJson } from "../print.js";
import { withNet } from "../with-net.js";

/** `moka run`: one forward pass on given inputs. */
export const run: Command = command(
  {
    model: required("--model <file>", "the net's prototxt"),
    weights: someWeights,
    phase: phase("TEST"),
    inputs: repeated(
      "--input <name=value>",
      "an input: name=FILE (.npy, .json, .binaryproto), name=zeros or name=random",
      addNamed("a name and a value, as data=x.npy"),
      {},
    ),
    extra: repeated(
      "--blob <name>",
      "a blob to show besides the outputs; may be given again",
      parser("a name", (name: string, before: readonly string[]) => [...before, name]),
      [],
    ),
    output: option("--output <folder>", "write each blob to <folder>/<name>.npy"),
    seed,
    cfg: cfgOption,
    json,
    ...forwardOptions,
    ...stateOptions,
  },
  async ({ model, inputs, extra, output, json, cfg: cfgFile, ...options }) => {
    const cfg = await readCfg(cfgFile);
    const keep = extra.length > 0 ? "all" : "outputs";
    await withNet(model, { ...options, cfg, keep, blobs: extra }, async (net) => {
      await setInputs(net, inputs, options.seed);
      await net.runForward();
      const names = [...new Set([...net.outputs, ...extra])];
      const blobs = names.map((name) => {
        const blob = net.blobs.get(name);
        check(blob, "MOKA_USAGE", `the net has no blob "${name}"; it has ${[...net.blobs.keys()].join(", ")}`);
        return blob;
      });
      if (output !== undefined) {
        const { writeNpy } = await import("../arrays.js");
        for (const blob of blobs) await writeNpy(output, blob.name, blob);
      }
      if (json) {
        const entries = blobs.map(({ name, shape, data }) => [name, { shape, data: [...data] }]);
        printJson(Object.fromEntries(entries));
      } else {
        for (const blob of blobs) print(describe(blob));
      }
    });
  },
  {
    help: "An .npy or .json input may have another batch size or image size than the prototxt. The net is then reshaped.",
  },
);

async function setInputs(net: Net, inputs: Readonly<Record<string, string>>, seed?: number): Promise<void> {
  const { readArrays } = await import("../arrays.js");
  const { freshSeed, Random } = await import("../../util/random.js");
  const random = new Random(seed ?? freshSeed());
  const known = net.inputs.join(", ") || "none";
  for (const [name, value] of Object.entries(inputs)) {
    const reason = `--input ${name}=${value}: give name=value, where the net's inputs are ${known}`;
    check(net.inputs.includes(name), "MOKA_USAGE", reason);
  }
  const missing = net.inputs.filter((name) => !Object.hasOwn(inputs, name));
  const hint = missing.map((name) => `--input ${name}=file.npy`).join(" ");
  const reason = `the net needs ${missing.join(", ")}: give ${hint} (or =zeros, =random)`;
  check(missing.length === 0, "MOKA_USAGE", reason);
  const files = Object.entries(inputs).filter(([, value]) => value !== "zeros" && value !== "random");
  const arrays = Object.entries(await readArrays(Object.fromEntries(files)));
  if (arrays.length > 0) net.reshape(Object.fromEntries(arrays.map(([name, { shape }]) => [name, shape])));
  for (const [name, value] of Object.entries(inputs)) {
    const data = net.blobs.get(name)?.data ?? new Float32Array(0);
    if (value === "random") random.uniform(data, -1, 1);
    else if (value === "zeros") data.fill(0);
  }
  for (const [name, { data }] of arrays) net.blobs.get(name)?.data.set(data);
}

/** Describes a blob: shape, range, and the five largest values of each of at most eight rows, or its first eight values. */
function describe({ name, shape, data }: Blob): string {
  const sorted = Float32Array.from(data).sort();
  const range = `min ${sorted[0]?.toPrecision(6)}, max ${sorted.at(-1)?.toPrecision(6)}`;
  const head = `${oneLine(name)}: ${shape.join(" × ") || "scalar"}, ${range}\n`;
  const width = shape.slice(1).reduce((a, b) => a * b, 1);
  if (shape.length < 2 || width > 10_000) return `${head}  ${Array.from(data.subarray(0, 8), shown).join(" ")}\n`;
  const rows = Math.min(shape[0] ?? 1, 8);
  const lines = Array.from({ length: rows }, (_, row) => {
    const values = data.subarray(row * width, (row + 1) * width);
    const best = [...values.keys()].sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0)).slice(0, 5);
    return `  [${row}] ${best.map((index) => `${index}: ${shown(values[index] ?? 0)}`).join("  ")}\n`;
  });
  return head + lines.join("");
}

function shown(value: number): string {
  return value.toPrecision(6);
}
