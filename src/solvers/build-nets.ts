import { formatState } from "../core/filter-net.js";
import type { Net } from "../core/net.js";
import { type NetState, Phase, type SolverParameter } from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { MokaError } from "../util/errors.js";
import type { SolverContext } from "./context.js";
import { type NetChoice, stateFor, testNetsOf, trainNetOf } from "./solver-nets.js";

/**
 * Builds the nets of a solver without `netProblems`, each with its `weights`, and gives them to `use`: the training net, then the
 * test nets. If any of it fails, they are disposed of.
 */
export async function buildNets<T>(
  param: SolverParameter,
  context: SolverContext,
  use: (net: Net, testNets: readonly Net[]) => T,
): Promise<T> {
  const built: Net[] = [];
  try {
    const net = await buildChoice(trainNetOf(param), Phase.TRAIN, param.trainState, param, context);
    built.push(net);
    for (const [i, choice] of testNetsOf(param).entries()) {
      const testNet = await buildChoice(choice, Phase.TEST, param.testState[i], param, context, i);
      built.push(testNet);
      testNet.debugInfo = param.debugInfo;
      testNet.shareTrainedLayersWith(net);
    }
    context.log("info", "solver.cpp:57", "Solver scaffolding done.");
    return use(net, built.slice(1));
  } catch (error) {
    for (const net of built) await net.dispose();
    throw error;
  }
}

async function buildChoice(
  choice: NetChoice,
  phase: Phase,
  solverState: NetState | undefined,
  param: SolverParameter,
  context: SolverContext,
  index = 0,
): Promise<Net> {
  const { log } = context;
  if (phase === Phase.TRAIN) log("info", "solver.cpp:102", `Creating training net from ${choice.source}`);
  const message = choice.message ?? (await context.readNet(choice.file ?? ""));
  // Caffe logs the name of a test net after reading it.
  if (phase === Phase.TEST)
    log("info", "solver.cpp:190", `Creating test net (#${index}) specified by ${choice.source}`);
  const state = stateFor(phase, message, solverState);
  const net = await context.buildNet(message, state, { backward: phase === Phase.TRAIN }).catch((error: unknown) => {
    if (!(error instanceof MokaError)) throw error;
    const which = phase === Phase.TRAIN ? "the training net" : `TEST net #${index}`;
    const { code, reason, place, layer, cause } = error;
    throw new MokaError(code, `${reason} (in ${which}, built for ${formatState(state)})`, { place, layer, cause });
  });
  if (param.weights.length > 0) await net.copyTrainedLayersFrom(param.weights, sourceOf(param)?.file, true);
  return net;
}
