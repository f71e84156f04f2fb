import type { Net } from "../core/net.js";
import { check, MokaError, reasonOf } from "../util/errors.js";
import type { Random, RandomState } from "../util/random.js";
import type { Fingerprint } from "./fingerprint.js";
import type { LossWindow } from "./smoothed-loss.js";

/**
 * Where a run stands between two iterations, as far as Caffe's snapshots do not say it: plain JSON. From a snapshot
 * and this, a run goes on as if it had never stopped, to the bit.
 */
export interface Position {
  /** Of the generator all layers share. */
  readonly random: RandomState;
  /** What the smoothed loss is the mean of. */
  readonly losses: LossWindow;
  /** For each net, the training net first, what its layers with a state of their own say. */
  readonly nets: readonly (readonly LayerState[])[];
}

interface LayerState {
  readonly layer: string;
  readonly state: unknown;
}

/** What stands in `<snapshot>.moka.json`: a position, and which snapshot it belongs to. */
export interface RunState extends Position {
  readonly version: typeof version;
  readonly iter: number;
  readonly sha256: Fingerprint;
}

const version = 1;

/** The file beside a snapshot's solver state: `lenet_iter_100.moka.json` for `lenet_iter_100.solverstate` or its `.h5`. */
export function runStateFile(solverState: string): string {
  return `${solverState.replace(/\.solverstate(\.h5)?$/, "")}.moka.json`;
}

/** @param nets the training net, then the test nets */
export function positionOf(nets: readonly Net[], random: Random, losses: LossWindow): Position {
  const states = nets.map(({ layers }) =>
    layers.flatMap((layer) =>
      layer.saveState ? [{ layer: layer.name, state: structuredClone(layer.saveState()) }] : [],
    ),
  );
  return { random: random.state, losses, nets: states };
}

export function formatRunState(position: Position, iter: number, sha256: Fingerprint): string {
  const state: RunState = { version, iter, sha256, ...position };
  return `${JSON.stringify(state)}\n`;
}

/**
 * Reads a run state that must belong to this snapshot.
 *
 * @throws MokaError that says why it is none, or none of this snapshot
 */
export function parseRunState(text: string, iter: number, sha256: Fingerprint): RunState {
  const state = parseObject(text) as Partial<RunState>;
  check(state.version === version, "MOKA_PARSE", `it has version ${state.version}, not ${version}`);
  const others = [
    ...(state.iter === iter ? [] : ["iteration"]),
    ...(state.sha256?.nets === sha256.nets ? [] : ["net"]),
    ...(state.sha256?.weights === sha256.weights ? [] : ["weights"]),
    ...(state.sha256?.history === sha256.history ? [] : ["history"]),
  ];
  check(others.length === 0, "MOKA_WEIGHTS", `it was written for other files: not the same ${others.join(", ")}`);
  check(
    isObject(state.random) && isObject(state.losses) && Array.isArray(state.nets) && state.nets.every(isStates),
    "MOKA_PARSE",
    "it lacks random, losses or nets",
  );
  return state as RunState;
}

/**
 * Puts nets and generator where `position` was taken.
 *
 * @returns what cannot go on where it was, in words; all else does
 */
export async function restorePosition(position: Position, nets: readonly Net[], random: Random): Promise<string[]> {
  const problems: string[] = [];
  for (const [i, net] of nets.entries()) {
    const states = [...(position.nets[i] ?? [])];
    for (const layer of net.layers) {
      if (!layer.restoreState) continue;
      try {
        const saved = states.shift();
        check(saved?.layer === layer.name, "MOKA_DATA", "no state was saved for it");
        await layer.restoreState(saved.state);
      } catch (error) {
        if (!(error instanceof MokaError)) throw error;
        problems.push(reasonOf(layer.explain(error)));
      }
    }
  }
  try {
    random.restore(position.random);
  } catch (error) {
    problems.push(reasonOf(error));
  }
  return problems;
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // What is no JSON is no run state either.
  }
  throw new MokaError("MOKA_PARSE", "it is no JSON object");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStates(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => isObject(each) && "layer" in each && "state" in each);
}
