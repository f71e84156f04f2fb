import { MokaError } from "../util/errors.js";
import { missingSpecsBelow, type Node } from "./backward-plan.js";
import type { NetParts } from "./build-net.js";
import type { Catalog } from "./catalog.js";
import type { Engine } from "./engine.js";
import { Execution, type PassName, passNames } from "./execution.js";
import type { GradientGroup } from "./passes/announce-gradients.js";
import { type Recording, record } from "./recorder.js";
import type { Span } from "./span.js";
import type { Tensor, TensorState } from "./tensor.js";
import { usesOf } from "./uses.js";

export interface RecordingOptions {
  readonly engine: Engine;
  readonly catalog: Catalog;
  /** False for a net that never runs backward: nothing is stored for backward then. Default true. */
  readonly backward?: boolean;
  /** The passes that rewrite its programs. They change results by rounding only. Default: all passes. */
  readonly passes?: readonly PassName[] | undefined;
  /** The blobs whose values and gradients can be read after a run. Default `all`, as in pycaffe. */
  readonly keep?: "all" | "outputs" | undefined;
}

/** The layers' recordings for one set of shapes, and their execution. */
interface Version {
  readonly key: string;
  readonly forward: readonly Recording[];
  /** One for each layer; empty if there is no backward. */
  readonly backward: readonly Recording[];
  /** The error that a layer threw in backward, because it lacks a gradient that is needed. Forward can still run. */
  readonly refusal: unknown;
  readonly execution: Execution;
  /** The memory that backward, or clearing the parameters' diffs, writes to. */
  readonly written: ReadonlySet<Span>;
  /** The blobs' shapes and memory at the time when another version replaced this one. */
  tensors: readonly TensorState[];
}

/** The most versions that are stored, including the one in use. A net with a user's own layer stores only that one. */
const mostVersions = 8;

/** The number of layers that record before events are handled. */
const layersInPiece = 100;

/** If the engine uses more bytes than this, versions that are not in use free their memory. */
const mostBytes = 128 * 2 ** 20;

/**
 * The recordings of a net's layers. Layers record at the first use, and again for new shapes. The versions for the last
 * few sets of shapes are stored, so a net whose shapes alternate records and plans each version once. A user's own layer
 * may depend on a call of `forward` for each change of shapes, so a net with such a layer records at each change.
 *
 * A version that is used again behaves like a new one: the memory of its layers is 0, and a blob keeps its values only if
 * its count does not change.
 */
export class Recordings {
  /** Whether recordings are used again when their shapes return: true if all layers are Moka's own. */
  readonly isReused: boolean;
  readonly #parts: NetParts;
  readonly #options: RecordingOptions;
  /** Every blob once. */
  readonly #tensors: readonly Tensor[];
  /** The versions; the last used is at the end. */
  #versions: Version[] = [];
  #current: Version | undefined;
  /** The key of the version for the present shapes. */
  #key: string;
  #groups: readonly GradientGroup[] = [];
  /** The recordings of forward before the first version exists. */
  #started: Recording[] = [];

  constructor(parts: NetParts, options: RecordingOptions) {
    this.#parts = parts;
    this.#options = options;
    this.isReused = parts.nodes.every(({ layer }) => options.catalog.isBuiltIn(layer));
    this.#tensors = [...new Set(parts.nodes.flatMap(({ top }) => top))];
    this.#key = this.#keyOf(0);
  }

  /** Lets the layers record forward, unless they did already, piece by piece. */
  *start(): Iterable<void> {
    while (!this.#current && this.#started.length < this.#parts.nodes.length) {
      this.#started = this.#recordForward(this.#started, this.#started.length + layersInPiece);
      yield;
    }
  }

  /** Records the directions that are not recorded yet, and plans how to run them. */
  prepare(): Pick<Version, "execution" | "refusal" | "written"> {
    for (const _ of this.start());
    return this.#current ?? this.#use(this.#makeVersion(this.#key, this.#started, []));
  }

  /**
   * Changes shapes. `apply` sets the shapes of inputs or of the tops of layer `from`; `pass` sets the shapes that depend on
   * them. If one of the two throws, no shape changes. The tops of the layers before `from` keep their values.
   */
  change(from: number, apply: () => void, pass: () => void): void {
    const left = this.#current;
    const states = this.#tensors.map(({ state }) => state);
    if (left) left.tensors = states;
    const started = this.#started.flatMap(({ spans }) => spans);
    let isRecording = false;
    try {
      apply();
      const key = this.#keyOf(from);
      const found = this.#versions.find((version) => version.key === key && this.#follows(version, from));
      if (found) this.#restoreVersion(found);
      else {
        pass();
        isRecording = true;
        const forward = this.#recordForward(left?.forward.slice(0, from) ?? []);
        this.#use(
          this.#makeVersion(key, forward, left?.backward.slice(0, from) ?? [], left?.execution.isUnfused && from > 0),
        );
      }
    } catch (error) {
      this.#current = left;
      for (const [i, tensor] of this.#tensors.entries()) tensor.restore(states[i] as TensorState);
      // Fields of the layers may belong to the refused shapes now: all layers record again.
      if (isRecording) this.drop();
      throw error;
    }
    this.#key = (this.#current as Version).key;
    this.#current?.execution.takeOver(left?.execution, from);
    if (!left) this.#releaseUnused([...states.flatMap(({ data, diff }) => [data, diff]), ...started]);
    this.#limit();
  }

  /** Calls `ready` of each group in all later runs of backward, as soon as its gradients are computed. */
  announceGradients(groups: readonly GradientGroup[]): void {
    this.#groups = groups;
    this.drop();
  }

  /** Drops all recordings: the layers record again at the next use. */
  drop(): void {
    const spans = this.#versions.flatMap(spansOf);
    for (const { execution } of this.#versions) execution.release();
    this.#versions = [];
    this.#current = undefined;
    this.#releaseUnused([...spans, ...this.#started.splice(0).flatMap((recording) => recording.spans)]);
  }

  // ---- versions

  /** The shapes that determine all others, after those of layer `from` have changed, as one text. */
  #keyOf(from: number): string {
    const sources = this.#parts.nodes.filter(
      ({ layer, bottom }, i) => bottom.length === 0 || (layer.liveShapes && i <= from),
    );
    return JSON.stringify([from, ...sources.map(({ top }) => top.map(({ shape }) => shape))]);
  }

  /** Whether a version can continue at layer `from`, after the current version has run the layers before it. */
  #follows({ forward, execution }: Version, from: number): boolean {
    const current = this.#current;
    if (from === 0) return true;
    if (!current || current.execution.isUnfused !== execution.isUnfused) return false;
    for (let i = 0; i < from; i++) if (forward[i] !== current.forward[i]) return false;
    return true;
  }

  #makeVersion(key: string, forward: readonly Recording[], known: readonly Recording[], isUnfused = false): Version {
    const { engine, passes = passNames, keep = "all", backward: trains = true } = this.#options;
    const { backward, refusal } = trains ? this.#recordBackward(known) : { backward: [], refusal: undefined };
    const plan = {
      forward: stepsOf(forward),
      backward: trains && refusal === undefined ? stepsOf([...backward].reverse()) : undefined,
    };
    const { learnables } = this.#parts.params;
    const written = new Set([
      ...learnables.map(({ tensor }) => tensor.diff.root),
      ...(plan.backward ?? []).flatMap((step) => usesOf(step).writes.map(({ span }) => span.root)),
    ]);
    const inference = this.#parts.phase === "TEST";
    const execution = new Execution(plan, engine, {
      passes,
      keep,
      kept: keep === "outputs" ? this.#keptSpans([...forward, ...backward]) : undefined,
      groups: this.#groups,
      inference,
      isUnfused,
      constants: new Set(inference ? learnables.map(({ tensor }) => tensor.data) : []),
    });
    return { key, forward, backward, refusal, execution, written, tensors: [] };
  }

  #use(version: Version): Version {
    this.#current = version;
    this.#started = [];
    this.#versions = [...this.#versions.filter((each) => each !== version), version];
    return version;
  }

  #restoreVersion(version: Version): void {
    const before = new Set(this.#current ? [...this.#current.forward, ...this.#current.backward] : []);
    for (const [i, tensor] of this.#tensors.entries()) {
      const { data, diff } = tensor;
      const state = version.tensors[i] as TensorState;
      tensor.restore(state);
      if (state.owns.data && state.data !== data) state.data.takeValuesOf(data);
      if (state.owns.diff && state.diff !== diff) state.diff.takeValuesOf(diff);
    }
    for (const recording of [...version.forward, ...version.backward]) {
      if (!before.has(recording)) for (const span of recording.spans) span.clear();
    }
    this.#use(version);
  }

  /** Drops the oldest versions beyond the most that are stored. Above `mostBytes`, frees the memory of those not in use. */
  #limit(): void {
    const { engine } = this.#options;
    const most = this.isReused ? mostVersions : 1;
    for (const version of this.#versions.splice(0, this.#versions.length - most)) this.#releaseVersion(version);
    for (const version of this.#versions) {
      if (engine.bytesUsed <= mostBytes) return;
      if (version !== this.#current) this.#releaseVersion(version);
    }
  }

  /** Frees the memory that only this version uses. */
  #releaseVersion(version: Version): void {
    version.execution.releaseShared();
    this.#releaseUnused(spansOf(version), version);
  }

  /** Releases the spans that neither the blobs nor versions other than `own` use. */
  #releaseUnused(spans: readonly Span[], own?: Version): void {
    const used = new Set(this.#versions.filter((version) => version !== own).flatMap(spansOf));
    for (const { data, diff } of this.#tensors) used.add(data).add(diff);
    for (const { layer } of this.#parts.nodes) for (const { data, diff } of layer.params) used.add(data).add(diff);
    for (const span of spans) if (!used.has(span)) span.release();
  }

  // ---- recording

  /** Lets the layers after the `recorded` ones record forward, those before layer `end`. */
  #recordForward(recorded: readonly Recording[], end = Number.POSITIVE_INFINITY): Recording[] {
    const { engine, backward: trains = true } = this.#options;
    const { nodes } = this.#parts;
    const recordings = [...recorded];
    for (let index = recordings.length; index < nodes.length && index < end; index++) {
      const { layer, bottom, top, needsBackward } = nodes[index] as Node;
      const recording = record(index, layer.name, engine, needsBackward && trains);
      recordings.push(recording);
      try {
        layer.forward(recording.recorder, bottom, top);
      } catch (error) {
        for (const { spans } of recordings.slice(recorded.length)) for (const span of spans) span.release();
        throw layer.explain(error);
      }
    }
    return recordings;
  }

  /** Lets the layers after the `recorded` ones record backward, starting with the last layer. */
  #recordBackward(recorded: readonly Recording[]): Pick<Version, "backward" | "refusal"> {
    const { nodes } = this.#parts;
    const backward = [...recorded];
    for (let index = nodes.length - 1; index >= recorded.length; index--) {
      const { layer, bottom, top, wanted, learns, needsBackward } = nodes[index] as Node;
      const recording = record(index, `${layer.name}'`, this.#options.engine, true);
      backward[index] = recording;
      let asked = bottom.filter((_, i) => wanted[i]);
      try {
        if (!needsBackward) continue;
        for (const [i, tensor] of bottom.entries()) {
          const what = wanted[i] ? layer.withoutGradient[i] : undefined;
          if (!what) continue;
          asked = [tensor];
          throw layer.error("MOKA_FIELD", `cannot propagate down to ${what} "${tensor.name}"`);
        }
        const written = layer.ignoresPropagateDown ? wanted.map(() => true) : wanted;
        layer.backward(recording.recorder, top, written, bottom, learns);
      } catch (refusal) {
        return { backward: [], refusal: withReason(refusal, missingSpecsBelow(nodes, index, asked)) };
      }
    }
    return { backward, refusal: undefined };
  }

  /** The spans that are read or written from outside the net's steps, and so must not share memory. */
  #keptSpans(recordings: readonly Recording[]): ReadonlySet<Span> {
    const { nodes, tensors, inputs, outputs } = this.#parts;
    const spans = new Set<Span>();
    const add = (tensor: Tensor | undefined) => {
      if (tensor) spans.add(tensor.data.root).add(tensor.diff.root);
    };
    for (const name of [...inputs, ...outputs]) add(tensors.get(name));
    for (const { layer, bottom, top, lossWeights } of nodes) {
      for (const [i, tensor] of top.entries()) if (lossWeights[i]) add(tensor);
      layer.params.forEach(add);
      if (layer.liveShapes) for (const { data } of bottom) spans.add(data.root);
    }
    for (const { steps, spans: own } of recordings) {
      // A step without a list of its reads and writes may use every span of its layer.
      const open = steps.find((step) => step.kind === "host" && step.reads.length + step.writes.length === 0);
      if (!open) continue;
      const { bottom, top } = nodes[open.layer] as Node;
      for (const tensor of [...bottom, ...top]) add(tensor);
      for (const span of own) spans.add(span);
    }
    return spans;
  }
}

function withReason(error: unknown, why: string | undefined): unknown {
  if (!(error instanceof MokaError) || !why) return error;
  const { code, reason, place, layer } = error;
  return new MokaError(code, `${reason}. ${why}`, { place, layer, cause: error });
}

function stepsOf(recordings: readonly Recording[]) {
  return recordings.flatMap(({ steps }) => steps);
}

/** All spans of a version, except parameters. */
function spansOf({ forward, backward, execution, tensors }: Version): readonly Span[] {
  return [
    ...[...forward, ...backward].flatMap(({ spans }) => spans),
    ...tensors.flatMap(({ data, diff }) => [data, diff]),
    ...execution.spans,
  ];
}
