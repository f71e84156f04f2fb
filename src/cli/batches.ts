import type { BatchOptions } from "../api/batch-nets.js";
import { check } from "../util/errors.js";
import { option, type Values } from "./command.js";
import { integer, json, model, number, numbers, phases, runOptions, seed, stateOptions, weights } from "./options.js";
import { problems } from "./print.js";

/** The parameters of commands that run a net on batches of data. */
export const batchParameters = (iterations: number, phase: string) => ({
  model,
  weights,
  data: option(
    "--data <what>",
    "instead of the net's data layers: data=x.npy,label=y.npy, a .npz of arrays by name, an LMDB's or LevelDB's folder, or a list of images (.txt)",
  ),
  batch: option("--batch <n>", "rows of --data per batch (default: 32)", integer(1)),
  meanValue: option(
    "--mean-value <values>",
    "mean to subtract from images of --data, one value or one per channel",
    numbers,
  ),
  scale: option("--scale <multiplier>", "multiplier of images of --data, after the mean is subtracted", number),
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

/** Turns the values into options of the API; reads the arrays that `--data` names. */
export function batchOptions({
  data,
  ...values
}: Omit<Values<ReturnType<typeof batchParameters>>, "model" | "weights" | "json" | "gpu">) {
  return { ...values, data: readData(data), log: problems({ upgrades: true }) };
}

/** Returns paths, which the API opens: by blob name, or one. */
function readData(text: string | undefined): BatchOptions["data"] {
  if (!text?.includes("=")) return text;
  const files = text.split(",").map((part) => /^([^=]+)=(.+)$/.exec(part)?.slice(1) ?? []);
  const isWhole = files.every((each) => each.length > 0);
  check(isWhole, "MOKA_USAGE", `--data ${text}: give blob=file, as data=x.npy,label=y.npy`);
  return Object.fromEntries(files);
}
