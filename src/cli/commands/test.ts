import { cfgOption, readCfg } from "../cfg.js";
import { type Command, command, option, required } from "../command.js";
import { integer, json, runOptions, stateOptions } from "../options.js";
import { caffeLog, printJson, problems } from "../print.js";
import { withNet } from "../with-net.js";

/** `moka test`: scores a net, as `caffe test`. */
export const test: Command = command(
  {
    model: required("--model <file>", "the net's prototxt"),
    weights: required("--weights <files>", "its caffemodel, or several separated by commas"),
    iterations: option("--iterations <n>", "batches to run", integer(1), 50),
    cfg: cfgOption,
    json,
    ...runOptions,
    ...stateOptions,
  },
  async ({ model, iterations, json, stages: given, cfg: cfgFile, ...options }) => {
    const cfg = await readCfg(cfgFile);
    const { OutputMean, withLoss } = await import("../../solvers/outputs.js");
    const { formatNumber } = await import("../../util/number-format.js");
    const log = json ? problems({ upgrades: false }) : caffeLog;
    log("info", "caffe.cpp:275", "Use CPU.");
    const stages = given.length > 0 ? given : [""];
    await withNet(model, { ...options, cfg, phase: "TEST", stages, log, keep: "outputs" }, async (net) => {
      log("info", "caffe.cpp:281", `Running for ${iterations} iterations.`);
      const mean = new OutputMean(net);
      let loss = 0;
      for (let batch = 0; batch < iterations; batch++) {
        await net.runForward();
        mean.add();
        loss += net.loss;
        for (const name of net.outputs) {
          for (const value of net.blobs.get(name)?.data ?? []) {
            log("info", "caffe.cpp:304", `Batch ${batch}, ${name} = ${formatNumber(value)}`);
          }
        }
      }
      const outputs = mean.result();
      log("info", "caffe.cpp:309", `Loss: ${formatNumber(loss / iterations)}`);
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
