import type { Command } from "../command.js";
import { glog } from "../glog.js";
import { addRunOptions, addStateOptions, type CommonOptions, integer } from "../options.js";
import { catchSignals } from "../signals.js";

interface TrainOptions extends CommonOptions {
  readonly solver: string;
  readonly weights?: string;
  readonly snapshot?: string;
  readonly seed?: number;
  readonly sigint_effect: "stop" | "snapshot" | "none";
  readonly sighup_effect: "stop" | "snapshot" | "none";
  readonly log?: boolean;
}

/** `moka train`: trains or finetunes a net, as `caffe train`. */
export const train: Command = {
  define(command) {
    command
      .requiredOption("--solver <file>", "the solver's prototxt")
      .option("--weights <files>", "caffemodels to start from, separated by commas")
      .option("--snapshot <file>", "a solverstate to resume from, exactly with its .moka.json beside it")
      .option("--seed <n>", "random seed, instead of the solver's random_seed", integer(0))
      .option("--sigint_effect <action>", "what Ctrl-C does: stop (after a snapshot), snapshot or none", "stop")
      .option("--sighup_effect <action>", "what SIGHUP does: stop, snapshot or none", "snapshot")
      .option("--log", "Caffe's log lines, on a terminal too");
    addRunOptions(command);
    addStateOptions(command);
  },

  async run(_args, options) {
    const {
      solver: file,
      weights,
      snapshot,
      engine,
      threads,
      seed,
      level,
      stage,
      ...given
    } = options as unknown as TrainOptions;
    const signals = catchSignals({ SIGINT: given.sigint_effect, SIGHUP: given.sighup_effect });
    const { Solver } = await import("../../index.js");
    const { showProgress } = await import("../progress.js");
    const plain = given.log || !process.stderr.isTTY;
    const log = plain ? glog((text) => process.stderr.write(text)) : quiet;
    log("info", "caffe.cpp:197", given.gpu === undefined ? "Use CPU." : "Use CPU: there is no GPU engine.");
    const stages = stage.length > 0 ? stage : [""];
    const solver = await Solver.load(file, { weights, snapshot, engine, threads, seed, level, stages, log });
    try {
      solver.onRequest(signals.next);
      if (!plain) showProgress(solver, process.stderr);
      log("info", "caffe.cpp:239", "Starting Optimization");
      await solver.solve();
      log("info", "caffe.cpp:250", "Optimization Done.");
    } finally {
      signals.release();
      await solver.dispose();
    }
    return 0;
  },
};

/** On a terminal the progress says what counts; what is wrong is said all the same. */
const quiet = (severity: string, _origin: string, message: string) => {
  if (severity !== "info") process.stderr.write(`${severity}: ${message}\n`);
};
