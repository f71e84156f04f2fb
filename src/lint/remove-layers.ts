import { quote } from "../proto/text/strings.js";
import { applyEdits, type Edit } from "./edits.js";
import type { LintLayer } from "./layer.js";
import type { LintNet } from "./net.js";

/**
 * Removes layers of one bottom and one top that follow each other: the layer before them then makes what the last of them made.
 * Undefined if others read what is between, or the layers are not together in all states.
 */
export function removeChain(net: LintNet, chain: readonly LintLayer[]): Edit[] | undefined {
  const [head, last] = [chain[0], chain.at(-1)];
  const [into, out] = [head?.message.bottom[0], last?.message.top[0]];
  if (!head || into === undefined || out === undefined || !areTogether(net, chain)) return undefined;
  const removed = chain.flatMap(({ field }) => (field ? net.edit.remove(field) : []));
  if (chain.every(({ message }) => message.bottom[0] === message.top[0])) return removed;
  const makers = new Set(net.views.filter((view) => view.has(head)).map((view) => view.maker(head)));
  const [maker] = makers;
  if (makers.size !== 1 || !maker || into === out || !areTogether(net, [maker, ...chain])) return undefined;
  const tops = maker.values("top");
  const index = maker.message.top.lastIndexOf(into);
  const value = tops[index]?.value;
  return value && tops.length === maker.message.top.length
    ? [...net.edit.replace(value, quote(out, true)), ...removed]
    : undefined;
}

/** Makes two layers that follow each other change places: the second takes the first one's bottom and top, and the other way round. */
export function exchange(net: LintNet, first: LintLayer, second: LintLayer): Edit[] | undefined {
  if (!areTogether(net, [first, second]) || !first.field || !second.field) return undefined;
  const [former, latter] = [written(net, first, second), written(net, second, first)];
  if (former === undefined || latter === undefined) return undefined;
  return [
    { start: first.field.offset, end: first.field.end, replacement: latter },
    { start: second.field.offset, end: second.field.end, replacement: former },
  ];
}

/** The text of a layer, with the bottom and top of another one. */
function written({ text }: LintNet, layer: LintLayer, { message }: LintLayer): string | undefined {
  const { field } = layer;
  const edits = (["bottom", "top"] as const).map((name) => {
    const [given, ...others] = layer.values(name);
    const wanted = message[name][0];
    if (!field || !given || others.length > 0 || wanted === undefined) return undefined;
    const { offset, end } = given.value;
    if (layer.message[name][0] === wanted) return { start: 0, end: 0, replacement: "" };
    return { start: offset - field.offset, end: end - field.offset, replacement: quote(wanted, true) };
  });
  if (!field || edits.some((edit) => edit === undefined)) return undefined;
  return applyEdits(
    text.slice(field.offset, field.end),
    edits.flatMap((edit) => edit ?? []),
  );
}

/** Whether each layer has one bottom and one top, is written in the current form, and in every state only the next one reads it. */
function areTogether({ layers, views }: LintNet, chain: readonly LintLayer[]): boolean {
  const isPlain = chain.every(({ body, name, message }) => {
    const isSeen = layers.every((each) => each.name !== name || views.some((view) => view.has(each)));
    return body && isSeen && message.top.length === 1 && message.bottom.length <= 1;
  });
  return (
    isPlain &&
    views.every((view) => {
      if (!chain.some((layer) => view.has(layer))) return true;
      return chain.every((layer, index) => {
        const next = chain[index + 1];
        const readers = view.readers(layer);
        return view.has(layer) && (!next || (readers.length === 1 && readers[0]?.layer === next));
      });
    })
  );
}
