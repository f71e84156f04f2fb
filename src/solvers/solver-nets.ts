import { create, isFieldSet, merge } from "@bufbuild/protobuf";
import {
  type NetParameter,
  type NetState,
  NetStateSchema,
  type Phase,
  type SolverParameter,
  SolverParameterSchema,
} from "../proto/gen/caffe_pb.js";
import { check } from "../util/errors.js";

/** A net that a solver names, in a file or as a message. */
export interface NetChoice {
  /** Its name in Caffe's log: `train_net file: …`. */
  readonly source: string;
  readonly file?: string;
  readonly message?: NetParameter;
}

/** The training net: exactly one of `net`, `net_param`, `train_net`, `train_net_param`. */
export function trainNetOf(solver: SolverParameter): NetChoice {
  const choices = [
    ...fromFile(solver, "net", "net file"),
    ...fromMessage(solver, "netParam", "net_param"),
    ...fromFile(solver, "trainNet", "train_net file"),
    ...fromMessage(solver, "trainNetParam", "train_net_param"),
  ];
  const [choice] = choices;
  check(
    choice && choices.length === 1,
    "MOKA_FIELD",
    `the solver must name its training net by exactly one of net, net_param, train_net and train_net_param; ` +
      `it has ${choices.length === 0 ? "none" : choices.map(({ source }) => source).join(" and ")}`,
  );
  return choice;
}

/**
 * The test nets: those of `test_net_param`, then those of `test_net`, then the common net once for each
 * remaining `test_iter`.
 */
export function testNetsOf(solver: SolverParameter): NetChoice[] {
  const testOnly: NetChoice[] = [
    ...solver.testNetParam.map((message) => ({ source: "test_net_param", message })),
    ...solver.testNet.map((file) => ({ source: `test_net file: ${file}`, file })),
  ];
  const [common] = [...fromMessage(solver, "netParam", "net_param"), ...fromFile(solver, "net", "net file")];
  const needed = solver.testIter.length;
  check(
    common ? needed >= testOnly.length : needed === testOnly.length,
    "MOKA_FIELD",
    `test_iter must be given once for each test net: there are ${testOnly.length} test nets and ${needed} test_iter`,
  );
  const nets = [...testOnly, ...(common ? Array<NetChoice>(needed - testOnly.length).fill(common) : [])];
  check(
    solver.testState.length === 0 || solver.testState.length === nets.length,
    "MOKA_FIELD",
    `test_state is given ${solver.testState.length} times for ${nets.length} test nets; give none, or one each`,
  );
  check(
    nets.length === 0 || solver.testInterval > 0,
    "MOKA_FIELD",
    "test_interval must be greater than 0 where there are test nets",
  );
  return nets;
}

/** The state that a net is built for: the phase, overridden by the net's own state, then by the solver's. */
export function stateFor(phase: Phase, net: NetParameter, solver: NetState | undefined): NetState {
  const state = create(NetStateSchema, { phase });
  if (net.state) merge(NetStateSchema, state, net.state);
  if (solver) merge(NetStateSchema, state, solver);
  return state;
}

function fromFile(solver: SolverParameter, field: "net" | "trainNet", label: string): NetChoice[] {
  if (!isFieldSet(solver, SolverParameterSchema.field[field])) return [];
  return [{ source: `${label}: ${solver[field]}`, file: solver[field] }];
}

function fromMessage(solver: SolverParameter, field: "netParam" | "trainNetParam", source: string): NetChoice[] {
  const message = solver[field];
  return message ? [{ source, message }] : [];
}
