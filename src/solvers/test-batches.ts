import type { Communicator } from "../core/communicator.js";
import type { Net } from "../core/net.js";
import type { SolverParameter } from "../proto/gen/caffe_pb.js";
import { yieldToEvents } from "../util/event-loop.js";
import type { Log } from "../util/log.js";
import { formatNumber } from "../util/number-format.js";
import { upTo, type WorkOptions, watched } from "../util/work.js";
import { DetectionTally } from "./detection-tally.js";
import { OutputMean, type TestTally } from "./outputs.js";

interface TestResult {
  /** The outputs by name, as the tally makes them of the batches of all ranks. */
  readonly outputs: Record<string, Float32Array>;
  /** Logs the outputs, and the mean loss if the solver wants it. */
  readonly report: (log: Log) => void;
  /** The number of batches that all ranks together have run; fewer than asked for if the test was stopped. */
  readonly batches: number;
  readonly isStopped: boolean;
}

/** What the tests of a solver make of a net's outputs, by its `eval_type`. */
function tallyFor(net: Net, param: SolverParameter): TestTally {
  return param.evalType === "detection" ? new DetectionTally(net, param) : new OutputMean(net);
}

/**
 * Runs a test net for a number of batches, which the ranks take in turn: batch i of all tests is run by rank i modulo their
 * number, so that together they run the batches that one process would.
 *
 * @param tested the batches of earlier tests
 * @param goesOn called before each batch, or on several ranks before each round of batches; a test ends where it is false. It
 * must give all ranks the same answer.
 */
export async function runTest(
  net: Net,
  param: SolverParameter,
  batches: number,
  tested: number,
  communicator: Communicator,
  goesOn: () => Promise<boolean>,
  work: WorkOptions,
): Promise<TestResult> {
  const { rank, size } = communicator;
  const tally = tallyFor(net, param);
  let loss = 0;
  let run = 0;
  for await (const i of watched(upTo(batches), { what: "test batches", total: batches }, work)) {
    if (i % size === 0) {
      await yieldToEvents();
      if (!(await goesOn())) break;
    }
    run++;
    if ((tested + i) % size !== rank) continue;
    await net.inTurn.forward();
    tally.add(i);
    loss += net.loss;
  }
  loss = await tally.addRanks(communicator, loss, run);
  const outputs = tally.result();
  const report = (log: Log) => {
    if (param.testComputeLoss) log("info", "solver.cpp:401", `Test loss: ${formatNumber(loss / run)}`);
    tally.report(outputs, log);
  };
  return { outputs, report, batches: run, isStopped: run < batches };
}
