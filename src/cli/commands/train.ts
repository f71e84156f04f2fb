import { cfgOption, readCfg } from "../cfg.js";
import { type Command, command, flag, option, required } from "../command.js";
import { integer, oneOf, runOptions, stateOptions } from "../options.js";
import { caffeLog } from "../print.js";
import { onRanks, rankOptions } from "../ranks.js";
import { catchSignals } from "../signals.js";

const actions = oneOf("stop", "snapshot", "none");

/** `moka train`: trains or fine-tunes a net, as `caffe train`, on one process or on all that a launcher of MPI has started. */
export const train: Command = command(
  {
    file: required("--solver <file>", "the solver's prototxt"),
    weights: option("--weights <files>", "caffemodels to start from, separated by commas"),
    snapshot: option("--snapshot <file>", "a solverstate to resume from, exactly with its .moka.json beside it"),
    restarts: option(
      "--restarts <n>",
      "resume from the last snapshot, if there is one; at most n times in a row without a new one",
      integer(1),
    ),
    seed: option("--seed <n>", "random seed, instead of the solver's random_seed", integer(0)),
    SIGINT: option("--sigint_effect <action>", "what Ctrl-C does; stop comes after a snapshot", actions, "stop"),
    SIGHUP: option("--sighup_effect <action>", "what SIGHUP does", actions, "snapshot"),
    cfg: cfgOption,
    asLog: flag("--log", "Caffe's log lines, on a terminal too"),
    ...rankOptions,
    ...runOptions,
    ...stateOptions,
  },
  async ({ file, SIGINT, SIGHUP, asLog, gpu, stages: given, cfg: cfgFile, ...options }) => {
    const cfg = await readCfg(cfgFile);
    const signals = catchSignals({ SIGINT, SIGHUP });
    try {
      await onRanks(options, async (processes) => {
        const { lintTraining, Solver } = await import("../../index.js");
        const { Progress } = await import("../progress.js");
        const { isRoot } = processes;
        const hasBar = isRoot && process.stderr.isTTY && process.env.TERM !== "dumb" && !asLog;
        const progress = hasBar ? new Progress(process.stderr) : undefined;
        const log = processes.log(progress?.log ?? caffeLog); // the progress bar shows the rest
        log("info", "caffe.cpp:197", gpu === undefined ? "Use CPU." : "Use CPU: there is no GPU engine.");
        const stages = given.length > 0 ? given : [""];
        const lint = isRoot ? lintTraining : undefined;
        const { communicator } = processes;
        const solver = await Solver.load(file, { ...options, cfg, communicator, stages, log, keep: "outputs", lint });
        try {
          solver.onRequest(() => {
            const request = processes.onSignal();
            return request === "none" ? signals.next() : request;
          });
          progress?.follow(solver);
          log("info", "caffe.cpp:239", "Starting Optimization");
          await solver.solve();
          log("info", "caffe.cpp:250", "Optimization Done.");
        } finally {
          progress?.clear();
          await solver.dispose();
        }
      });
    } finally {
      signals.release();
    }
  },
);
