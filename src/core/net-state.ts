import { create } from "@bufbuild/protobuf";
import { type NetState, NetStateSchema, Phase } from "../proto/gen/caffe_pb.js";
import { check } from "../util/errors.js";

/** Options that select layers of a net, in addition to its phase. */
export interface StateOptions {
  /** Level and stages of the net's state, for include and exclude rules. Default: 0 and none. */
  readonly level?: number | undefined;
  /** The stages; see `level`. */
  readonly stages?: readonly string[] | undefined;
}

/** @throws MokaError `MOKA_USAGE` for another phase, which a caller in JavaScript may give */
export function stateOf(phase: "TRAIN" | "TEST", { level = 0, stages = [] }: StateOptions = {}): NetState {
  check(phase === "TRAIN" || phase === "TEST", "MOKA_USAGE", `phase must be "TRAIN" or "TEST", not "${phase}"`);
  return create(NetStateSchema, { phase: Phase[phase], level, stage: [...stages] });
}
