// What a planted mistake is, and how the catalogue changes nets.
import type { Dice } from "../../dice.js";
import type { Wish } from "./draw-net.js";
import type { Block, DrawnNet, LayerText } from "./net-text.js";

/** Another finding that is right as well. */
export interface Companion {
  readonly rule: string;
  readonly reason: string;
}

/** A net with and without a mistake. */
export interface Given {
  readonly clean: DrawnNet;
  readonly planted: DrawnNet;
  /** The layer with the mistake, and its block in the planted net. */
  readonly layer: string;
  readonly block: Block;
}

export interface Mistake {
  /** In a few words; each is once in the catalogue. */
  readonly kind: string;
  /** What Caffe does with it. */
  readonly caffe: string;
  /** The rule that has to find it. */
  readonly rule: string;
  /** Whether the rule does not find it yet. */
  readonly pending?: true;
  readonly wish?: Wish & { readonly weights?: boolean };
  readonly companions?: readonly Companion[];
  /** Changes a net, and returns the name of the layer that is to be found; undefined if the net has no place for it. */
  plant(net: DrawnNet, dice: Dice): string | undefined;
  /** Shows by running the net that it is so. */
  readonly shown?: (given: Given) => Promise<void>;
}

export function blockOf({ blocks }: DrawnNet, name: string): Block | undefined {
  return blocks.find(({ before, norms, scale, activation }) => {
    return [before, ...norms, scale, activation].some((layer) => layer?.name === name);
  });
}

/** One of the blocks for which `test` holds. */
export function pick(
  { blocks }: DrawnNet,
  dice: Dice,
  test: (block: Block) => boolean = () => true,
): Block | undefined {
  const fit = blocks.filter(test);
  return fit.length > 0 ? dice.of(fit) : undefined;
}

/** Changes the BatchNorm of one block, all of its layers, and returns its name. */
export function changeNorm(net: DrawnNet, dice: Dice, change: (norm: LayerText) => void): string | undefined {
  const block = pick(net, dice);
  for (const norm of block?.norms ?? []) change(norm);
  return block?.norms[0]?.name;
}

export function changeScale(net: DrawnNet, dice: Dice, change: (scale: LayerText) => void): string | undefined {
  const block = pick(net, dice);
  if (block) change(block.scale);
  return block?.scale.name;
}

export function setField(layer: LayerText, message: string, name: string, value: string | undefined): void {
  const fields = { ...layer.fields[message] };
  if (value === undefined) delete fields[name];
  else fields[name] = value;
  layer.fields[message] = fields;
}

/** Removes a layer; those behind it read what it read. */
export function remove(net: DrawnNet, layer: LayerText): void {
  const [bottom = "", top = ""] = [layer.bottom[0], layer.top[0]];
  net.layers.splice(net.layers.indexOf(layer), 1);
  if (bottom === top) return;
  const renamed = (names: readonly string[]) => names.map((name) => (name === top ? bottom : name));
  for (const each of net.layers) {
    each.bottom = renamed(each.bottom);
    each.top = renamed(each.top);
  }
}

/** A layer of one bottom, in place on the bottom of `behind` and before it; before both layers of a BatchNorm. */
export function insertBefore(
  net: DrawnNet,
  behind: LayerText,
  name: string,
  type: string,
  more: Partial<LayerText> = {},
) {
  const blob = behind.bottom[0] ?? "";
  const layer: LayerText = { name, type, bottom: [blob], top: [blob], params: [], include: [], fields: {}, ...more };
  net.layers.splice(net.layers.indexOf(behind), 0, layer);
  return layer;
}

export function isInPlace({ bottom, top }: LayerText): boolean {
  return bottom[0] === top[0];
}

/** Whether the bottom of a block's BatchNorm is read by that alone. */
export function isAlone({ before }: Block): boolean {
  return before !== undefined;
}

/** The second blob's spec of a layer, without a bias. */
export const noStats = "lr_mult: 0 decay_mult: 0";
