import { formatState } from "../core/filter-net.js";
import type { Net } from "../core/net.js";
import { type NetState, Phase, type SolverParameter } from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { MokaError } from "../util/errors.js";
import type { SolverContext } from "./context.js";
import { type NetChoice, stateFor } from "./solver-nets.js";

/** Builds a net that a solver names, with the solver's weights. */
export async function buildChoice(
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
  try {
    if (param.weights.length > 0) await net.copyTrainedLayersFrom(param.weights, sourceOf(param)?.file, true);
  } catch (error) {
    await net.dispose();
    throw error;
  }
  return net;
}
