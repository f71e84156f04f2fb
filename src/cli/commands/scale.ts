import type { ScaleOptions, ScaleReport } from "../../api/scale.js";
import type { Prediction } from "../../tools/scaling/predict.js";
import { check } from "../../util/errors.js";
import { onOneLine } from "../../util/escape.js";
import { counted } from "../../util/words.js";
import { type Command, command, flag, option, repeated } from "../command.js";
import {
  addShape,
  integer,
  json,
  model,
  number,
  oneOf,
  parser,
  positive,
  runOptions,
  stateOptions,
} from "../options.js";
import { print, printJson, problems } from "../print.js";
import { bandwidth, counts, duration, size } from "../units.js";

const share = parser("a number from 0 to 1", (text: string) => {
  const value = number(text);
  return value !== undefined && value >= 0 && value <= 1 ? value : undefined;
});

const firstRanks: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** `moka scale`: predicts the speed of training on many ranks. */
export const scale: Command = command(
  {
    model,
    ranks: option("--ranks <numbers>", "numbers of ranks to predict; default: 1,2,4,…,1024", counts, firstRanks),
    bandwidth: option("--bandwidth <rate>", "between hosts, as 25Gbit or 10GB (a second)", bandwidth, 25e9 / 8),
    latency: option("--latency <time>", "of a message between hosts, as 20us", duration, 20e-6),
    perHost: option("--per-host <n>", "ranks on each host", integer(1), 1),
    localBandwidth: option(
      "--local-bandwidth <rate>",
      "between ranks of a host; default: half of a copy here",
      bandwidth,
    ),
    localLatency: option("--local-latency <time>", "of a message between ranks of a host", duration, 1e-6),
    reduction: option("--reduction <rate>", "at which a rank adds what it received", bandwidth, 10e9),
    overhead: option("--overhead <time>", "of each sum in the rank's own program", duration, 50e-6),
    pause: option("--pause <time>", "until a rank notices that a step of a sum has ended", duration, 50e-6),
    progressCores: option("--progress <share>", "of a core that a message under way takes from computing", share, 0.3),
    cores: option("--cores <n>", "cores of a host; default: those of this machine", integer(1)),
    speed: option("--speed <factor>", "how many times faster than this machine hosts compute", positive, 1),
    batch: option("--batch <n>", "records of each rank; default: the net's batch, as in Caffe", integer(1)),
    globalBatch: option(
      "--global-batch <n>",
      "records of all ranks together, of which each takes its part",
      integer(1),
    ),
    batches: option("--measure <batches>", "batches to time, for --global-batch; default: three", counts),
    iterSize: option("--iter-size <n>", "batches before each update, the solver's iter_size", integer(1), 1),
    syncBatchNorm: flag("--sync-bn", "BatchNorm takes its statistics over all ranks"),
    bucketBytes: option("--bucket <size>", "the size of a bucket of gradients, as 4MiB; default: by the net", size),
    bytesPerGradient: option("--gradient-bytes <n>", "of a gradient in a message; 2: half precision", integer(1), 4),
    algorithm: option(
      "--algorithm <name>",
      "how ranks sum; default: the quickest of the first three",
      oneOf("ring", "doubling", "halving", "hierarchical"),
    ),
    solver: option(
      "--solver <type>",
      "the type of the solver, which decides what an update costs",
      oneOf("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"),
      "SGD",
    ),
    iterations: option("--iterations <n>", "iterations to time", integer(1), 10),
    shapes: repeated("--shape <name=sizes>", "the shape of an input or of a data layer's top", addShape, {}),
    svg: option("--svg <file>", "draw efficiency, images a second and times"),
    json,
    ...runOptions,
    ...stateOptions,
  },
  async ({ model, json, svg, ...options }) => {
    check(
      options.batches === undefined || options.globalBatch !== undefined,
      "MOKA_USAGE",
      "--measure is for --global-batch; --batch sets the batch of each rank",
    );
    check(
      options.batch === undefined || options.globalBatch === undefined,
      "MOKA_USAGE",
      "give --batch, the records of each rank, or --global-batch, those of all, not both",
    );
    const { scale: predictScale } = await import("../../api/scale.js");
    const given: ScaleOptions = { ...options, log: json ? problems({ upgrades: false }) : undefined };
    const report = await predictScale(model, given);
    if (svg !== undefined) {
      const { createFiles } = await import("#platform");
      const { drawScaling } = await import("../../tools/scaling/draw-scaling.js");
      const drawn = drawScaling(titleOf(report), report.predictions);
      await createFiles().write(svg, new TextEncoder().encode(drawn));
    }
    if (json) printJson(report);
    else print(asText(onOneLine(report)));
    if (svg !== undefined && !json) print(`Wrote ${svg}\n`);
  },
  {
    help:
      "Steps of the net are timed here, messages are computed: docs/scaling.md has the model. Rates of links are in bits" +
      "\n(25Gbit, 100Mbit), those of memory in bytes (10GB); times in ns, us, ms or s. --ranks 1,2,4,…,1024 (or ...) goes on." +
      "\nLimits: what would save the most time if it cost nothing. 90 % needs: the least bandwidth between hosts for an" +
      "\nefficiency of 90 %. Hosts ×: how many times faster they may compute until messages take the efficiency below 90 %.",
  },
);

function titleOf({ name, cluster, predictions, globalBatch }: ScaleReport): string {
  const batch = globalBatch === undefined ? `batch ${predictions[0]?.batch} a rank` : `batch ${globalBatch} in all`;
  return `${name || "(no name)"}, ${batch}: ${inRate(1 / cluster.remote.secondsPerByte)}, ${inTime(cluster.remote.latency)}`;
}

function asText(report: ScaleReport): string {
  const { name, engine, cluster, measured, fitError, gradients, sync, predictions, notes, speed, solver } = report;
  const lines = [`${name || "(no name)"}, phase TRAIN, ${engine}, ${solver}`];
  for (const { batch, iterations, syncBatchNorm, forward, backward, update, spread } of measured) {
    const all = forward + backward + update;
    lines.push(
      `measured${syncBatchNorm ? ", --sync-bn" : ""}: batch ${batch}: ${inTime(all)} ± ${percent(spread / all)} (forward ` +
        `${inTime(forward)}, backward ${inTime(backward)}, update ${inTime(update)}; medians of ${iterations})`,
    );
  }
  if (fitError !== undefined)
    lines.push(`times by batch: linear, at most ${percent(fitError, 1)} from what was measured`);
  const [buckets, largest] = [
    counted(gradients.buckets.length, "bucket"),
    inBytes(Math.max(...gradients.buckets.map(({ bytes }) => bytes))),
  ];
  lines.push(`gradients: ${inBytes(gradients.bytes)} in ${buckets}, the largest of ${largest}`);
  if (sync) lines.push(`sync-BN: ${counted(sync.messages, "message")} an iteration, ${inBytes(sync.bytes)} in all`);
  const { remote, local, perHost } = cluster;
  const within = `, ${counted(perHost, "rank")} each, within a host ${inRate(1 / local.secondsPerByte)}, ${inTime(local.latency)}`;
  lines.push(
    `hosts: ${inRate(1 / remote.secondsPerByte)}, ${inTime(remote.latency)}${perHost > 1 ? within : ", 1 rank each"}` +
      `${speed === 1 ? "" : `; they compute ${speed} times as fast as this machine`}`,
    "",
  );
  const heads = ["ranks", "batch", "iteration", "images/s", "efficiency", "hidden", "limit", "90 % needs", "hosts ×"];
  lines.push(row(heads), ...predictions.map((prediction) => row(cells(prediction))), "", ...endings(report));
  lines.push(...notes.map((note) => `note: ${note}`));
  return `${lines.join("\n")}\n`;
}

const widths = [5, 7, 11, 12, 11, 8, 10, 13, 9];

function row(texts: readonly string[]): string {
  return texts
    .map((text, i) => text.padStart(widths[i] ?? 0))
    .join("")
    .trimEnd();
}

function cells(prediction: Prediction): string[] {
  const { ranks, hosts, batch, seconds, imagesPerSecond, efficiency, hidden, limit } = prediction;
  const { bandwidthFor90, speedFor90 } = prediction;
  const isAlone = ranks === 1;
  return [
    String(ranks),
    String(batch),
    inTime(seconds),
    digits(imagesPerSecond),
    percent(efficiency, 1),
    isAlone ? "" : percent(hidden),
    limit,
    hosts === 1 ? "" : bandwidthFor90 === undefined ? "(never)" : inRate(bandwidthFor90),
    isAlone ? "" : speedFor90 === undefined ? "(never)" : digits(speedFor90),
  ];
}

/** Where efficiency first falls below 90 % and 50 %, and what a rank more is worth there. */
function endings({ predictions }: ScaleReport): string[] {
  const lines = [0.9, 0.5].flatMap((threshold) => {
    const first = predictions.find(({ efficiency }) => efficiency < threshold);
    return first
      ? [`efficiency is below ${percent(threshold)} from ${first.ranks} ranks on; limit: ${first.limit}`]
      : [];
  });
  const worse = predictions.find(({ imagesPerSecond }, i) => {
    const before = predictions[i - 1];
    return before !== undefined && imagesPerSecond < before.imagesPerSecond;
  });
  if (worse) lines.push(`${worse.ranks} ranks are slower than fewer`);
  const last = predictions.at(-1);
  if (lines.length === 0 && last) lines.push(`efficiency stays at 90 % or more up to ${last.ranks} ranks`);
  return lines;
}

function digits(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function percent(value: number, decimals = 0): string {
  return `${(100 * value).toFixed(decimals)} %`;
}

function inTime(seconds: number): string {
  if (seconds === 0) return "0 s";
  const [factor, unit] = seconds < 1e-3 ? [1e6, "µs"] : seconds < 1 ? [1e3, "ms"] : [1, "s"];
  return `${digits(seconds * factor)} ${unit}`;
}

function inRate(bytesPerSecond: number): string {
  const bits = 8 * bytesPerSecond;
  const [factor, unit] = bits < 1e9 ? [1e6, "Mbit/s"] : bits < 1e12 ? [1e9, "Gbit/s"] : [1e12, "Tbit/s"];
  return `${digits(bits / factor)} ${unit}`;
}

function inBytes(bytes: number): string {
  const [factor, unit] = bytes < 1e6 ? [1e3, "kB"] : bytes < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
  return `${digits(bytes / factor)} ${unit}`;
}
