import { type Command as Commander, InvalidArgumentError } from "commander";
import type { BatchOptions } from "../api/batch-nets.js";
import type { NdArray } from "../tools/image-array.js";
import { addRunOptions, addStateOptions, type CommonOptions, integer, list } from "./options.js";

/** What `addBatchOptions` leaves in a command's options. */
export interface BatchFlags extends CommonOptions {
  readonly phase?: "TRAIN" | "TEST";
  readonly data?: string;
  readonly batch?: number;
  readonly scale?: number;
  readonly meanValue?: number[];
  readonly iterations?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

/** What commands take that run a net on batches of data. */
export function addBatchOptions(command: Commander, iterations: number, phases: string): void {
  command
    .argument("<model>", "the net's prototxt")
    .argument("<weights>", "its caffemodel, or several separated by commas")
    .option(
      "--data <what>",
      "instead of the net's data layers: data=x.npy,label=y.npy, a .npz of arrays by name, an LMDB's or LevelDB's folder, or a list of images (.txt)",
    )
    .option("--batch <n>", "rows of --data in a batch (default: 32)", integer(1))
    .option("--mean-value <values>", "to subtract from images of --data, one or one a channel", numbers)
    .option("--scale <factor>", "to multiply images of --data by, then", number)
    .option("--iterations <n>", `batches to run (default: each row of arrays once, else ${iterations})`, integer(1))
    .option("--phase <phase>", `whose data layers to use, TRAIN or TEST (default: ${phases})`)
    .option("--seed <n>", "random seed", integer(0))
    .option("--json", "print JSON");
  addRunOptions(command);
  addStateOptions(command);
}

/** The flags as the API takes them. */
export async function batchOptions(
  flags: BatchFlags,
): Promise<BatchOptions & { phase?: "TRAIN" | "TEST" | undefined }> {
  const { engine, threads, level, stage: stages, seed, phase, batch, scale, meanValue, iterations } = flags;
  const { MokaError } = await import("../util/errors.js");
  if (phase !== undefined && phase !== "TRAIN" && phase !== "TEST") {
    throw new MokaError("MOKA_USAGE", `phase must be "TRAIN" or "TEST", not "${phase as string}"`);
  }
  const data = await readData(flags.data);
  const log = (severity: string, _: string, message: string) => {
    if (severity === "warning") process.stderr.write(`${severity}: ${message}\n`);
  };
  return { engine, threads, level, stages, seed, phase, batch, scale, meanValue, iterations, data, log };
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

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("It must be a number.");
  return value;
}

function numbers(text: string): number[] {
  return list(text).map(number);
}
