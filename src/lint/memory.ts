import type { Need } from "../core/layer-facts.js";
import type { LintLayer } from "./layer.js";
import { learns, needingBackward } from "./learning.js";
import type { View } from "./view.js";

/** Memory that holds several blobs one after the other, because layers work on it in place. */
interface Memory {
  /** The number of times that it was overwritten. */
  state: number;
  /** The layer that overwrote it last. */
  by: LintLayer | undefined;
  /** The layers whose backward reads it again, with what they read of it. Layers that were reported are removed. */
  readonly needs: Record<Need, LintLayer[]>;
}

/** `by` works in place on a blob that `layer` still needs, for its backward or for a later forward. */
export interface Overwritten {
  readonly layer: LintLayer;
  readonly by: LintLayer;
  readonly pass: "forward" | "backward";
}

/** The memory of a blob, and the state of that memory when the blob was made. */
interface Held {
  readonly memory: Memory;
  readonly state: number;
}

/** The blobs that layers in place overwrite although others still need them, as Caffe shares memory. */
export function* overwrittenIn(view: View): Iterable<Overwritten> {
  const needing = needingBackward(view);
  const held = new Map<LintLayer, Held[]>();
  const inputs = new Map<string, Held>();
  const newMemory = (): Memory => ({ state: 0, by: undefined, needs: { values: [], sign: [] } });
  for (const layer of view.layers) {
    const bottoms = layer.message.bottom.map((name, index): Held => {
      const maker = view.makers(layer)[index];
      const found = maker ? held.get(maker.layer)?.[maker.index] : inputs.get(name);
      const given = found ?? { memory: newMemory(), state: 0 };
      if (!maker) inputs.set(name, given);
      return given;
    });
    for (const { memory, state } of bottoms) {
      if (state < memory.state && memory.by) yield { layer, by: memory.by, pass: "forward" };
    }
    const inPlace = view.isInPlace(layer);
    const [first] = bottoms;
    const { rereads = {}, sharesBottom, keepsSign, isIdentityInTest } = layer.facts ?? {};
    if (inPlace && first && !(isIdentityInTest && view.phase === "TEST")) {
      const { needs } = first.memory;
      for (const need of ["values", "sign"] as const) {
        if (need === "sign" && keepsSign) continue;
        for (const needer of needs[need].splice(0)) yield { layer: needer, by: layer, pass: "backward" };
      }
      first.memory.state++;
      first.memory.by = layer;
    }
    const backward = view.phase === "TRAIN" && needing.has(layer);
    const reads = backward && !(inPlace && rereads.inPlace) && (!rereads.onlyToLearn || learns(layer));
    const need = reads ? rereads.bottom : undefined;
    if (need) for (const { memory } of bottoms) memory.needs[need].push(layer);
    const kept = backward ? rereads.top : undefined;
    const tops = layer.message.top.map((_, index): Held => {
      const shared = first && (sharesBottom || (index === 0 && inPlace));
      const memory = shared ? first.memory : newMemory();
      if (kept && index === 0) memory.needs[kept].push(layer);
      return { memory, state: memory.state };
    });
    held.set(layer, tops);
  }
}
