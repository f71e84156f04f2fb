import type { Command } from "../command.js";
import { glog } from "../glog.js";
import { addRunOptions, addStateOptions, type CommonOptions, integer } from "../options.js";

interface TestOptions extends CommonOptions {
  readonly model: string;
  readonly weights: string;
  readonly iterations: number;
  readonly json?: boolean;
}

/** `moka test`: scores a net, as `caffe test`. */
export const test: Command = {
  define(command) {
    command
      .requiredOption("--model <file>", "the net's prototxt")
      .requiredOption("--weights <files>", "its caffemodel, or several separated by commas")
      .option("--iterations <n>", "batches to run", integer(1), 50)
      .option("--json", "print the mean outputs as JSON");
    addRunOptions(command);
    addStateOptions(command);
  },

  async run(_args, options) {
    const { model, weights, iterations, json, engine, threads, level, stage } = options as unknown as TestOptions;
    const { Net } = await import("../../index.js");
    const { OutputMean, withLoss } = await import("../../solvers/outputs.js");
    const { formatNumber } = await import("../../util/number-format.js");
    const { silent } = await import("../../util/log.js");
    const log = json ? silent : glog((text) => process.stderr.write(text));
    log("info", "caffe.cpp:275", "Use CPU.");
    const stages = stage.length > 0 ? stage : [""];
    const net = await Net.load(model, { phase: "TEST", weights, engine, threads, level, stages, log, keep: "outputs" });
    try {
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
        process.stdout.write(`${JSON.stringify({ iterations, loss: loss / iterations, outputs: arrays })}\n`);
      }
    } finally {
      await net.dispose();
    }
    return 0;
  },
};
