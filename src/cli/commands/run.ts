import type { Net } from "../../index.js";
import type { Random } from "../../util/random.js";
import type { Command } from "../command.js";
import { addRunOptions, addStateOptions, type CommonOptions, integer } from "../options.js";

interface RunOptions extends CommonOptions {
  readonly model: string;
  readonly weights?: string;
  readonly phase: string;
  readonly input: string[];
  readonly blob: string[];
  readonly output?: string;
  readonly seed?: number;
  readonly json?: boolean;
}

/** `moka run`: one forward pass on given inputs. */
export const run: Command = {
  define(command) {
    const collect = (value: string, before: string[]) => [...before, value];
    command
      .requiredOption("--model <file>", "the net's prototxt")
      .option("--weights <files>", "its caffemodel, or several separated by commas")
      .option("--phase <phase>", "TRAIN or TEST", "TEST")
      .option("--input <name=value>", "an input: name=file.npy, name=file.json, name=zeros or name=random", collect, [])
      .option("--blob <name>", "another blob to show, besides the outputs", collect, [])
      .option("--output <folder>", "write each blob to <folder>/<name>.npy")
      .option("--seed <n>", "random seed", integer(0))
      .option("--json", "print shapes and values as JSON")
      .addHelpText(
        "after",
        "\nAn .npy or .json input may have another batch size or image size than the prototxt: the net is reshaped.",
      );
    addRunOptions(command);
    addStateOptions(command);
  },

  async run(_args, options) {
    const given = options as unknown as RunOptions;
    const { model, weights, phase, engine, threads, level, stage: stages, seed } = given;
    const { Net, MokaError } = await import("../../index.js");
    const { readArray, writeNpy } = await import("../arrays.js");
    if (phase !== "TRAIN" && phase !== "TEST") {
      throw new MokaError("MOKA_USAGE", `phase must be "TRAIN" or "TEST", not "${phase}"`);
    }
    const keep = given.blob.length > 0 ? "all" : "outputs";
    const net = await Net.load(model, { phase, weights, engine, threads, level, stages, seed, keep });
    try {
      const { freshSeed, Random } = await import("../../util/random.js");
      await setInputs(net, given.input, readArray, new Random(seed ?? freshSeed()));
      await net.runForward();
      const names = [...new Set([...net.outputs, ...given.blob])];
      const blobs = names.map((name) => {
        const blob = net.blobs.get(name);
        if (blob) return blob;
        const known = [...net.blobs.keys()].join(", ");
        throw new MokaError("MOKA_USAGE", `the net has no blob "${name}"; it has ${known}`);
      });
      if (given.output !== undefined) {
        for (const blob of blobs) await writeNpy(given.output, blob.name, blob.shape, blob.data);
      }
      if (given.json) {
        const entries = blobs.map(({ name, shape, data }) => [name, { shape, data: [...data] }]);
        process.stdout.write(`${JSON.stringify(Object.fromEntries(entries))}\n`);
      } else {
        for (const { name, shape, data } of blobs) process.stdout.write(describe(name, shape, data));
      }
    } finally {
      await net.dispose();
    }
    return 0;
  },
};

async function setInputs(
  net: Net,
  inputs: readonly string[],
  readArray: (path: string) => Promise<{ shape: readonly number[]; data: Float32Array }>,
  random: Random,
): Promise<void> {
  const { MokaError } = await import("../../index.js");
  const values = new Map<string, Float32Array | "zeros" | "random">();
  const shapes: Record<string, readonly number[]> = {};
  for (const input of inputs) {
    const [, name = "", value = ""] = /^([^=]+)=(.+)$/.exec(input) ?? [];
    if (!net.inputs.includes(name)) {
      const known = net.inputs.join(", ") || "none";
      throw new MokaError("MOKA_USAGE", `--input ${input}: give name=value, where the net's inputs are ${known}`);
    }
    if (value === "zeros" || value === "random") {
      values.set(name, value);
    } else {
      const array = await readArray(value);
      values.set(name, array.data);
      shapes[name] = array.shape;
    }
  }
  const missing = net.inputs.filter((name) => !values.has(name));
  if (missing.length > 0) {
    const hint = missing.map((name) => `--input ${name}=file.npy`).join(" ");
    throw new MokaError("MOKA_USAGE", `the net needs ${missing.join(", ")}: give ${hint} (or =zeros, =random)`);
  }
  if (Object.keys(shapes).length > 0) net.reshape(shapes);
  for (const [name, value] of values) {
    const data = net.blobs.get(name)?.data ?? new Float32Array(0);
    if (value === "random") random.uniform(data, -1, 1);
    else if (value === "zeros") data.fill(0);
    else data.set(value);
  }
}

/** A blob in a few lines: its shape and range, and its largest values where there are few. */
function describe(name: string, shape: readonly number[], data: Float32Array): string {
  const sorted = Float32Array.from(data).sort();
  const range = `min ${sorted[0]?.toPrecision(6)}, max ${sorted.at(-1)?.toPrecision(6)}`;
  const head = `${name}: ${shape.join(" × ") || "scalar"}, ${range}\n`;
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
