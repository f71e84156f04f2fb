import { type Command, command, flag, option, required } from "../command.js";
import { integer, oneOf, runOptions, stateOptions } from "../options.js";
import { caffeLog } from "../print.js";
import { catchSignals } from "../signals.js";

const actions = oneOf("stop", "snapshot", "none");

/** `moka train`: trains or fine-tunes a net, as `caffe train`. */
export const train: Command = command(
  {
    file: required("--solver <file>", "the solver's prototxt"),
    weights: option("--weights <files>", "caffemodels to start from, separated by commas"),
    snapshot: option("--snapshot <file>", "a solverstate to resume from, exactly with its .moka.json beside it"),
    seed: option("--seed <n>", "random seed, instead of the solver's random_seed", integer(0)),
    SIGINT: option("--sigint_effect <action>", "what Ctrl-C does; stop comes after a snapshot", actions, "stop"),
    SIGHUP: option("--sighup_effect <action>", "what SIGHUP does", actions, "snapshot"),
    asLog: flag("--log", "Caffe's log lines, on a terminal too"),
    ...runOptions,
    ...stateOptions,
  },
  async ({ file, SIGINT, SIGHUP, asLog, gpu, stages: given, ...options }) => {
    const signals = catchSignals({ SIGINT, SIGHUP });
    const { lintTraining, Solver } = await import("../../index.js");
    const { Progress } = await import("../progress.js");
    const hasBar = process.stderr.isTTY && process.env.TERM !== "dumb" && !asLog;
    const progress = hasBar ? new Progress(process.stderr) : undefined;
    const log = progress?.log ?? caffeLog; // the progress bar shows the rest
    log("info", "caffe.cpp:197", gpu === undefined ? "Use CPU." : "Use CPU: there is no GPU engine.");
    const stages = given.length > 0 ? given : [""];
    const solver = await Solver.load(file, { ...options, stages, log, keep: "outputs", lint: lintTraining });
    try {
      solver.onRequest(signals.next);
      progress?.follow(solver);
      log("info", "caffe.cpp:239", "Starting Optimization");
      await solver.solve();
      log("info", "caffe.cpp:250", "Optimization Done.");
    } finally {
      progress?.clear();
      signals.release();
      await solver.dispose();
    }
  },
);
