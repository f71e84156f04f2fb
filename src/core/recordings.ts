import type { Node } from "./backward-plan.js";
import type { NetParts } from "./build-net.js";
import type { Engine } from "./engine.js";
import { Execution, type PassName, passNames } from "./execution.js";
import { type Recording, record } from "./recorder.js";
import { Span } from "./span.js";
import type { Tensor, TensorState } from "./tensor.js";

export interface RecordingOptions {
  readonly engine: Engine;
  readonly backward?: boolean;
  readonly passes?: readonly PassName[] | undefined;
  readonly keep?: "all" | "outputs" | undefined;
}

/** What the layers recorded for one set of shapes, and how it is run. */
interface Version {
  readonly key: string;
  readonly forward: readonly Recording[];
  /** By layer; `undefined` where nothing flows back. */
  readonly backward: readonly (Recording | undefined)[];
  /** Why there is no backward: a gradient is asked for that a layer has not. Forward runs all the same. */
  readonly refusal: unknown;
  readonly execution: Execution;
  /** The blobs' shapes and memory, as they were when another version took its place. */
  tensors: readonly TensorState[];
}

/** Versions that are kept, the one in use among them. */
const mostVersions = 8;

/** Bytes of the engine's memory up to which versions that are not in use keep theirs. */
const mostBytes = 128 * 2 ** 20;

/**
 * What a net's layers recorded: at the first use, and again for shapes not seen before. The versions for the last few
 * sets of shapes are kept, so that a net whose shapes alternate records and plans each once.
 *
 * A version taken up again is as a new one would be: what its layers own starts from zeros, blobs keep their values only
 * where their count stays the same.
 */
export class Recordings {
  readonly #parts: NetParts;
  readonly #options: RecordingOptions;
  /** Every blob once. */
  readonly #tensors: readonly Tensor[];
  /** By a span, what holds the input of a BatchNorm that works on it in place. */
  readonly #asides = new WeakMap<Span, Span>();
  /** The last used at the end. */
  #versions: Version[] = [];
  #current: Version | undefined;
  /** Whether all shapes are still those that the layers gave when the net was built. */
  #isAsBuilt = true;
  /** What was recorded of forward before the first use. */
  #started: Recording[] = [];

  constructor(parts: NetParts, options: RecordingOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#tensors = [...new Set(parts.nodes.flatMap(({ top }) => top))];
  }

  /** Has the layers record forward, if they did not yet. */
  start(): void {
    if (!this.#current) this.#started = this.#recordForward(this.#started);
  }

  /** Records whatever is not recorded yet, both ways, and plans how to run it. */
  prepare(): Execution {
    if (!this.#current) {
      this.start();
      this.#use(this.#makeVersion(this.#isAsBuilt ? this.#keyOf(0) : "", this.#started, []));
      this.#started = [];
    }
    return (this.#current as Version).execution;
  }

  /** Why there is no backward, if there is none. */
  get refusal(): unknown {
    this.prepare();
    return this.#current?.refusal;
  }

  /**
   * Changes shapes: `apply` those that others follow from, of tops of the layer `from` or of inputs; `pass` the others.
   * When one of them fails, everything is as it was. What layers before `from` have computed is still there.
   */
  change(from: number, apply: () => void, pass: () => void): void {
    const left = this.#current;
    const states = this.#tensors.map(({ state }) => state);
    this.#started = [];
    if (left) left.tensors = states;
    try {
      apply();
      const key = this.#keyOf(from);
      const found = this.#versions.find((version) => version.key === key && this.#follows(version, from));
      if (found) this.#takeUp(found);
      else {
        pass();
        const forward = this.#recordForward(left?.forward.slice(0, from) ?? []);
        this.#use(
          this.#makeVersion(key, forward, left?.backward.slice(0, from) ?? [], left?.execution.isUnfused && from > 0),
        );
      }
    } catch (error) {
      this.#current = left;
      for (const [i, tensor] of this.#tensors.entries()) tensor.restore(states[i] as TensorState);
      throw error;
    }
    this.#current?.execution.takeOver(left?.execution, from);
    if (!left) this.#releaseUnused(states.flatMap(({ data, diff }) => [data, diff]));
    this.#limit();
  }

  /** Forgets everything: the layers record anew at the next use. */
  drop(): void {
    const spans = this.#versions.flatMap(spansOf);
    for (const { execution } of this.#versions) execution.release();
    this.#versions = [];
    this.#current = undefined;
    this.#isAsBuilt = false;
    for (const { spans: own } of this.#started.splice(0)) spans.push(...own);
    this.#releaseUnused(spans);
  }

  // ---- versions

  /** The shapes that all others follow from when those of layer `from` have changed. */
  #keyOf(from: number): string {
    const sources = this.#parts.nodes.filter(
      ({ layer, bottom }, i) => bottom.length === 0 || (layer.liveShapes && i <= from),
    );
    return JSON.stringify([from, ...sources.map(({ top }) => top.map(({ shape }) => shape))]);
  }

  /** Whether a version can go on where the current one has run the layers before `from`. */
  #follows({ forward, execution }: Version, from: number): boolean {
    const current = this.#current;
    if (from === 0) return true;
    if (!current || current.execution.isUnfused !== execution.isUnfused) return false;
    for (let i = 0; i < from; i++) if (forward[i] !== current.forward[i]) return false;
    return true;
  }

  #makeVersion(
    key: string,
    forward: readonly Recording[],
    known: readonly (Recording | undefined)[],
    isUnfused = false,
  ): Version {
    const { engine, passes = passNames, keep = "all", backward: trains = true } = this.#options;
    const { backward, refusal } = trains ? this.#recordBackward(known) : { backward: [], refusal: undefined };
    const plan = {
      forward: stepsOf(forward),
      backward: trains && refusal === undefined ? stepsOf(inOrder(backward)) : undefined,
    };
    const inference = this.#parts.phase === "TEST";
    const execution = new Execution(plan, engine, {
      passes,
      keep,
      kept: keep === "outputs" ? this.#keptSpans([...forward, ...inOrder(backward)]) : undefined,
      inference,
      isUnfused,
      constants: new Set(inference ? this.#parts.params.learnables.map(({ tensor }) => tensor.data) : []),
      aside: (span) => this.#aside(span),
    });
    return { key, forward, backward, refusal, execution, tensors: [] };
  }

  #use(version: Version): void {
    this.#current = version;
    this.#versions = [...this.#versions.filter((each) => each !== version), version];
  }

  #takeUp(version: Version): void {
    const before = new Set(this.#current ? [...this.#current.forward, ...this.#current.backward] : []);
    for (const [i, tensor] of this.#tensors.entries()) {
      const { data, diff } = tensor;
      const state = version.tensors[i] as TensorState;
      tensor.restore(state);
      if (state.owns.data && state.data !== data) state.data.succeed(data);
      if (state.owns.diff && state.diff !== diff) state.diff.succeed(diff);
    }
    for (const recording of [...version.forward, ...version.backward]) {
      if (recording && !before.has(recording)) for (const span of recording.spans) span.clear();
    }
    this.#use(version);
  }

  /** Forgets versions that are too many, and takes the memory of those that are not in use where it is too much. */
  #limit(): void {
    const { engine } = this.#options;
    for (const version of this.#versions.splice(0, this.#versions.length - mostVersions)) this.#rest(version);
    for (const version of this.#versions) {
      if (engine.bytesUsed <= mostBytes) return;
      if (version !== this.#current) this.#rest(version);
    }
  }

  /** Gives back the memory that only this version uses. */
  #rest(version: Version): void {
    version.execution.rest();
    this.#releaseUnused(spansOf(version), version);
  }

  /** Gives back the memory of those spans that neither the blobs nor other versions use. */
  #releaseUnused(spans: readonly Span[], own?: Version): void {
    const used = new Set(this.#versions.filter((version) => version !== own).flatMap(spansOf));
    for (const { data, diff } of this.#tensors) used.add(data).add(diff);
    for (const { layer } of this.#parts.nodes) for (const { data, diff } of layer.params) used.add(data).add(diff);
    for (const span of spans) if (!used.has(span)) span.release();
  }

  #aside(span: Span): Span {
    const known = this.#asides.get(span);
    if (known) return known;
    const made = new Span(`${span.name}~`, span.count, this.#options.engine);
    this.#asides.set(span, made);
    return made;
  }

  // ---- recording

  /** Has the layers behind those that are recorded record their forward. */
  #recordForward(recorded: readonly Recording[]): Recording[] {
    const { engine, backward: trains = true } = this.#options;
    const { nodes } = this.#parts;
    const recordings = [...recorded];
    for (let index = recordings.length; index < nodes.length; index++) {
      const { layer, bottom, top, needsBackward } = nodes[index] as Node;
      const recording = record(index, layer.name, engine, needsBackward && trains);
      try {
        layer.forward(recording.recorder, bottom, top);
      } catch (error) {
        throw layer.explain(error);
      }
      recordings.push(recording);
    }
    return recordings;
  }

  /** Has the layers behind those that are recorded record their backward, from the last one on. */
  #recordBackward(recorded: readonly (Recording | undefined)[]): Pick<Version, "backward" | "refusal"> {
    const { nodes } = this.#parts;
    const backward: (Recording | undefined)[] = [...recorded];
    for (let index = nodes.length - 1; index >= recorded.length; index--) {
      const { layer, bottom, top, wanted, learns, needsBackward } = nodes[index] as Node;
      backward[index] = undefined;
      if (!needsBackward) continue;
      const recording = record(index, `${layer.name}'`, this.#options.engine, true);
      backward[index] = recording;
      try {
        for (const [i, { name }] of bottom.entries()) {
          const what = wanted[i] ? layer.withoutGradient[i] : undefined;
          if (what) throw layer.error("MOKA_FIELD", `cannot propagate down to ${what} "${name}"`);
        }
        layer.backward(recording.recorder, top, wanted, bottom, learns);
      } catch (refusal) {
        return { backward, refusal };
      }
    }
    return { backward, refusal: undefined };
  }

  /** The spans that others than the net's steps read or write, and that must not share memory. */
  #keptSpans(recordings: readonly Recording[]): ReadonlySet<Span> {
    const { nodes, tensors, inputs, outputs } = this.#parts;
    const spans = new Set<Span>();
    const keep = (tensor: Tensor | undefined) => {
      if (tensor) spans.add(tensor.data.root).add(tensor.diff.root);
    };
    for (const name of [...inputs, ...outputs]) keep(tensors.get(name));
    for (const { layer, bottom, top, lossWeights } of nodes) {
      for (const [i, tensor] of top.entries()) if (lossWeights[i]) keep(tensor);
      layer.params.forEach(keep);
      if (layer.liveShapes) for (const { data } of bottom) spans.add(data.root);
    }
    for (const { steps, spans: own } of recordings) {
      // A step that does not say what it reads and writes may touch all its layer knows.
      const open = steps.find((step) => step.kind === "host" && step.reads.length + step.writes.length === 0);
      if (!open) continue;
      const { bottom, top } = nodes[open.layer] as Node;
      for (const tensor of [...bottom, ...top]) keep(tensor);
      for (const span of own) spans.add(span);
    }
    return spans;
  }
}

/** From the last layer to the first. */
function inOrder(backward: readonly (Recording | undefined)[]): readonly Recording[] {
  return [...backward].reverse().filter((recording) => recording !== undefined);
}

function stepsOf(recordings: readonly Recording[]) {
  return recordings.flatMap(({ steps }) => steps);
}

/** All spans that a version knows of, but for parameters. */
function spansOf({ forward, backward, execution, tensors }: Version): readonly Span[] {
  return [
    ...[...forward, ...backward].flatMap((recording) => recording?.spans ?? []),
    ...tensors.flatMap(({ data, diff }) => [data, diff]),
    ...execution.spans,
  ];
}
