import type { RankTimes } from "../../api/time-ranks.js";
import type { Net } from "../../index.js";
import { check } from "../../util/errors.js";
import { type Command, command, option, required, type Values } from "../command.js";
import { forwardOptions, integer, json, phase, someWeights, stateOptions } from "../options.js";
import { caffeLog, printJson, problems } from "../print.js";
import { onRanks, type Processes, rankOptions } from "../ranks.js";
import { withNet } from "../with-net.js";

const parameters = {
  model: required("--model <file>", "the net's prototxt"),
  weights: someWeights,
  phase: phase("TRAIN"),
  iterations: option("--iterations <n>", "passes to time", integer(1), 50),
  json,
  ...rankOptions,
  ...forwardOptions,
  ...stateOptions,
};

/**
 * `moka time`: measures how long each layer takes, forward and backward, as `caffe time`; with `--mpi` on several processes. ONNX
 * Runtime runs forward only, and all that it computes is one layer.
 */
export const time: Command = command(parameters, (options) =>
  onRanks(options, (processes) =>
    options.engine === "onnxruntime" ? timeForward(options, processes) : timeNet(options, processes),
  ),
);

/** Times the net of a call, on one process or as one of several. */
async function timeNet(
  { model, iterations, json, stages: given, ...options }: Values<typeof parameters>,
  processes: Processes,
) {
  const { formatNumber } = await import("../../util/number-format.js");
  const { timeLayers } = await import("../../tools/time-layers.js");
  const { counted, timeOnRanks } = await import("../../api/time-ranks.js");
  const log = processes.log(json ? problems({ upgrades: false }) : caffeLog);
  log("info", "caffe.cpp:343", "Use CPU.");
  const stages = given.length > 0 ? given : [""];
  const building = { keep: "outputs", everyBackward: true } as const;
  const ranks = processes.communicator && counted(processes.communicator);
  const loading = { ...options, ...building, communicator: ranks?.communicator, stages, log };
  await withNet(model, loading, async (net) => {
    fillInputs(net);
    log("info", "caffe.cpp:351", "Performing Forward");
    await net.runForward();
    log("info", "caffe.cpp:356", `Initial loss: ${formatNumber(net.loss)}`);
    log("info", "caffe.cpp:357", "Performing Backward");
    await net.runBackward();
    // Whole iterations come first: runs of single layers end the fusion of layers.
    const together = ranks && (await timeOnRanks(net, ranks.communicator, ranks.waiting, iterations));
    log("info", "caffe.cpp:365", "*** Benchmark begins ***");
    log("info", "caffe.cpp:366", `Testing for ${iterations} iterations.`);
    const start = performance.now();
    const onIteration = (iteration: number, ms: number) =>
      log("info", "caffe.cpp:394", `Iteration: ${iteration} forward-backward time: ${formatNumber(ms)} ms.`);
    const layers = await timeLayers(net, { iterations, backward: true, onIteration });
    const total = performance.now() - start;
    const forwardMs = layers.reduce((sum, layer) => sum + layer.forwardMs, 0);
    const backwardMs = layers.reduce((sum, layer) => sum + (layer.backwardMs ?? 0), 0);
    const ms = (value: number) => `${formatNumber(value)} ms.`;
    log("info", "caffe.cpp:397", "Average time per layer: ");
    for (const { name, forwardMs, backwardMs = 0 } of layers) {
      log("info", "caffe.cpp:400", `${name.padStart(10)}\tforward: ${ms(forwardMs)}`);
      log("info", "caffe.cpp:403", `${name.padStart(10)}\tbackward: ${ms(backwardMs)}`);
    }
    log("info", "caffe.cpp:408", `Average Forward pass: ${ms(forwardMs)}`);
    log("info", "caffe.cpp:410", `Average Backward pass: ${ms(backwardMs)}`);
    log("info", "caffe.cpp:412", `Average Forward-Backward: ${ms(total / iterations)}`);
    log("info", "caffe.cpp:414", `Total Time: ${ms(total)}`);
    log("info", "caffe.cpp:415", "*** Benchmark ends ***");
    if (together) for (const line of rankLines(together, ms)) log("info", "moka:0", line);
    if (json && processes.isRoot) {
      const ranksJson = ranks && { ranks: { size: ranks.communicator.size, ...together } };
      printJson({ iterations, engine: net.engine.description, forwardMs, backwardMs, layers, ...ranksJson });
    }
  });
}

/** Times the net of a call in ONNX Runtime: forward, in phase TEST. */
async function timeForward(
  { model, iterations, json, stages: given, ...options }: Values<typeof parameters>,
  processes: Processes,
) {
  check(!processes.communicator, "MOKA_USAGE", "--engine onnxruntime runs in one process, without --mpi");
  const { formatNumber } = await import("../../util/number-format.js");
  const { timeLayers } = await import("../../tools/time-layers.js");
  const log = json ? problems({ upgrades: false }) : caffeLog;
  const stages = given.length > 0 ? given : [""];
  const loading = { ...options, phase: "TEST", keep: "outputs", stages, log } as const;
  await withNet(model, loading, async (net) => {
    fillInputs(net);
    log("info", "moka:0", "Phase TEST; ONNX Runtime computes the layer onnxruntime, without backward.");
    log("info", "caffe.cpp:351", "Performing Forward");
    await net.runForward();
    log("info", "caffe.cpp:356", `Initial loss: ${formatNumber(net.loss)}`);
    log("info", "caffe.cpp:365", "*** Benchmark begins ***");
    log("info", "caffe.cpp:366", `Testing for ${iterations} iterations.`);
    const start = performance.now();
    const onIteration = (iteration: number, ms: number) =>
      log("info", "caffe.cpp:394", `Iteration: ${iteration} forward time: ${formatNumber(ms)} ms.`);
    const layers = await timeLayers(net, { iterations, backward: false, onIteration });
    const total = performance.now() - start;
    const forwardMs = layers.reduce((sum, layer) => sum + layer.forwardMs, 0);
    log("info", "caffe.cpp:397", "Average time per layer: ");
    for (const { name, forwardMs } of layers) {
      log("info", "caffe.cpp:400", `${name.padStart(10)}\tforward: ${formatNumber(forwardMs)} ms.`);
    }
    log("info", "caffe.cpp:408", `Average Forward pass: ${formatNumber(forwardMs)} ms.`);
    log("info", "caffe.cpp:414", `Total Time: ${formatNumber(total)} ms.`);
    log("info", "caffe.cpp:415", "*** Benchmark ends ***");
    if (json) {
      printJson({ iterations, engine: `onnxruntime ${options.provider ?? ""}`.trim(), forwardMs, layers });
    }
  });
}

/** What several ranks take together, and how much of their messages hides behind backward. */
function rankLines(times: RankTimes, ms: (value: number) => string): readonly string[] {
  const { buckets, bytes, hidden, syncBatchNormMs, computeMs } = times;
  const size = `${(bytes / 2 ** 20).toFixed(1)} MiB in ${buckets} ${buckets === 1 ? "message" : "messages"}`;
  const sync = syncBatchNormMs > 0 ? `, of which ${ms(syncBatchNormMs).slice(0, -1)} wait for sums of BatchNorm` : "";
  return [
    `Forward-Backward alone: ${ms(computeMs).slice(0, -1)}${sync}`,
    `Gradients alone: ${ms(times.gradientsMs).slice(0, -1)} for ${size}`,
    `Forward-Backward with gradients: ${ms(times.togetherMs).slice(0, -1)}`,
    ...(hidden === undefined
      ? []
      : [
          `Hidden behind backward: ${(100 * hidden).toFixed(0)} %; ${ms(times.leftMs).slice(0, -1)} are left when it ends`,
        ]),
  ];
}

/** Fills inputs with values from -0.5 to 0.5: zeros compute faster than real data. Caffe leaves them uninitialized. */
function fillInputs(net: Net): void {
  for (const name of net.inputs) {
    const values = net.blobs.get(name)?.data;
    for (let i = 0; values && i < values.length; i++) values[i] = ((i * 2654435761) % 1000) / 1000 - 0.5;
  }
}
