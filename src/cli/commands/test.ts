import { cfgOption, readCfg } from "../cfg.js";
import { type Command, command, option, required } from "../command.js";
import { forwardOptions, integer, json, oneOf, stateOptions } from "../options.js";
import { caffeLog, printJson, problems } from "../print.js";
import { withNet } from "../with-net.js";

/**
 * `moka test`: scores a net, as `caffe test`: by the means of its outputs. Of outputs of DetectionEvaluate it makes the mean average
 * precision, as a solver with `eval_type: "detection"`; SSD's own `caffe test` averages their rows, which means nothing.
 */
export const test: Command = command(
  {
    model: required("--model <file>", "the net's prototxt"),
    weights: required("--weights <files>", "its caffemodel, or several separated by commas"),
    iterations: option("--iterations <n>", "batches to run", integer(1), 50),
    apVersion: option(
      "--ap-version <name>",
      "how DetectionEvaluate's rows become a mean average precision, as ap_version in a solver",
      oneOf("11point", "MaxIntegral", "Integral"),
      "Integral",
    ),
    cfg: cfgOption,
    json,
    ...forwardOptions,
    ...stateOptions,
  },
  async ({ model, iterations, apVersion, json, stages: given, cfg: cfgFile, ...options }) => {
    const cfg = await readCfg(cfgFile);
    const { OutputMean, withLoss } = await import("../../solvers/outputs.js");
    const { DetectionTally, detectionOutputs } = await import("../../solvers/detection-tally.js");
    const { oneRank } = await import("../../core/communicator.js");
    const { formatNumber } = await import("../../util/number-format.js");
    const log = json ? problems({ upgrades: false }) : caffeLog;
    log("info", "caffe.cpp:275", "Use CPU.");
    const stages = given.length > 0 ? given : [""];
    await withNet(model, { ...options, cfg, phase: "TEST", stages, log, keep: "outputs" }, async (net) => {
      log("info", "caffe.cpp:281", `Running for ${iterations} iterations.`);
      const mean = new OutputMean(net);
      const rows = detectionOutputs(net);
      const detections =
        rows.length > 0 ? new DetectionTally(net, { apVersion, showPerClassResult: true }, rows) : undefined;
      let loss = 0;
      for (let batch = 0; batch < iterations; batch++) {
        await net.runForward();
        mean.add();
        detections?.add(batch);
        loss += net.loss;
        for (const name of net.outputs) {
          if (rows.includes(name)) continue;
          for (const value of net.blobs.get(name)?.data ?? []) {
            log("info", "caffe.cpp:304", `Batch ${batch}, ${name} = ${formatNumber(value)}`);
          }
        }
      }
      await detections?.addRanks(oneRank.communicator, loss, iterations);
      const outputs = { ...mean.result(), ...detections?.result() };
      log("info", "caffe.cpp:309", `Loss: ${formatNumber(loss / iterations)}`);
      detections?.reportClasses(log);
      for (const name of net.outputs) {
        for (const value of outputs[name] ?? [])
          log("info", "caffe.cpp:321", `${name} = ${withLoss(net, name, value)}`);
      }
      if (json) {
        const arrays = Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, [...values]]));
        printJson({ iterations, loss: loss / iterations, outputs: arrays });
      }
    });
  },
);
