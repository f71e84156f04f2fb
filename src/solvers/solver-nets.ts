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

/** A net a solver names: in a file or in its own message. */
export interface NetChoice {
  /** As Caffe names it in its log: `train_net file: …`. */
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
 * The test nets: those of `test_net_param`, of `test_net`, and then as many times the common net as there are
 * `test_iter` left.
 */
export function testNetsOf(solver: SolverParameter): NetChoice[] {
  const own: NetChoice[] = [
    ...solver.testNetParam.map((message) => ({ source: "test_net_param", message })),
    ...solver.testNet.map((file) => ({ source: `test_net file: ${file}`, file })),
  ];
  const [common] = [...fromMessage(solver, "netParam", "net_param"), ...fromFile(solver, "net", "net file")];
  const wanted = solver.testIter.length;
  check(
    common ? wanted >= own.length : wanted === own.length,
    "MOKA_FIELD",
    `test_iter must be given once for each test net: there are ${own.length} test nets and ${wanted} test_iter`,
  );
  const nets = [...own, ...(common ? Array<NetChoice>(wanted - own.length).fill(common) : [])];
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

/** The state a net is built for: the phase, then what the net itself says, then what the solver says. */
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
