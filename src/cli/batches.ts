import type { BatchOptions } from "../api/batch-nets.js";
import type { NdArray } from "../tools/image-array.js";
import { option, type Values } from "./command.js";
import { integer, json, model, number, numbers, phases, runOptions, seed, stateOptions, weights } from "./options.js";
import { problems } from "./print.js";

/** What commands take that run a net on batches of data. */
export const batchParameters = (iterations: number, phase: string) => ({
  model,
  weights,
  data: option(
    "--data <what>",
    "instead of the net's data layers: data=x.npy,label=y.npy, a .npz of arrays by name, an LMDB's or LevelDB's folder, or a list of images (.txt)",
  ),
  batch: option("--batch <n>", "rows of --data in a batch (default: 32)", integer(1)),
  meanValue: option("--mean-value <values>", "to subtract from images of --data, one or one a channel", numbers),
  scale: option("--scale <factor>", "to multiply images of --data by, then", number),
  iterations: option(
    "--iterations <n>",
    `batches to run (default: each row of arrays once, else ${iterations})`,
    integer(1),
  ),
  phase: option("--phase <phase>", `whose data layers to use (default: ${phase})`, phases),
  seed,
  json,
  ...runOptions,
  ...stateOptions,
});

/** The values as the API takes them. */
export async function batchOptions({
  data,
  ...values
}: Omit<Values<ReturnType<typeof batchParameters>>, "model" | "weights" | "json" | "gpu">) {
  return { ...values, data: await readData(data), log: problems({ ofAge: true }) };
}

/** Arrays, or a path that is for the API to open. */
async function readData(text: string | undefined): Promise<BatchOptions["data"]> {
  if (text?.includes("=")) return readArrays(text);
  if (!text?.endsWith(".npz")) return text;
  const { readNpz } = await import("./npz.js");
  return readNpz(text);
}

async function readArrays(text: string): Promise<Record<string, NdArray>> {
  const { MokaError } = await import("../util/errors.js");
  const { readArray } = await import("./arrays.js");
  const arrays: Record<string, NdArray> = {};
  for (const part of text.split(",")) {
    const [, name = "", path = ""] = /^([^=]+)=(.+)$/.exec(part) ?? [];
    if (name === "") throw new MokaError("MOKA_USAGE", `--data ${text}: give blob=file, as data=x.npy,label=y.npy`);
    arrays[name] = await readArray(path);
  }
  return arrays;
}
