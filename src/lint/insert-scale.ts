import { quote } from "../proto/text/strings.js";
import { memoized } from "../util/memoized.js";
import { batchNorms } from "./batch-norms.js";
import type { LintLayer } from "./layer.js";
import type { LintNet } from "./net.js";
import { fieldOnOneLine } from "./one-line.js";
import type { Fix } from "./rule.js";
import type { View } from "./view.js";

/**
 * Puts a Scale right behind a BatchNorm, in place on its top and in the states that see it, named as the other pairs of
 * the file are (`scaleName`) and laid out as the BatchNorm is.
 *
 * @param specs its `param`, if it has any; @param own the fields of its `scale_param`
 */
export function insertScale(
  net: LintNet,
  norm: LintLayer,
  specs: readonly string[] = [],
  own: readonly string[] = ["bias_term: true"],
): Fix | undefined {
  const { body, field } = norm;
  const [top, ...others] = norm.message.top;
  if (!body || !field || top === undefined || others.length > 0) return undefined;
  const values = { name: scaleName(net, norm), type: "Scale", bottom: top, top };

  const given = body.fields.filter(({ name }) => name in values);
  const single = net.text[given[0]?.value?.offset ?? 0] === "'";
  const lines: string[] = [];
  let line = 0;
  for (const [key, value] of Object.entries(values).toSorted(([a], [b]) => indexOf(a) - indexOf(b))) {
    const text = `${key}: ${single && /^[\w/.-]+$/.test(value) ? `'${value}'` : quote(value, true)}`;
    const node = given[indexOf(key)];
    if (node && node.line === line) lines.push(`${lines.pop()} ${text}`);
    else lines.push(text);
    line = node?.line ?? 0;
  }
  lines.push(...[...norm.fields("include"), ...norm.fields("exclude")].map((rule) => fieldOnOneLine(rule)), ...specs);
  const head = net.text.slice(field.offset, body.offset + 1);
  const open = head.includes("#") ? "layer {" : head;
  const close = open.endsWith("<") ? ">" : "}";
  const step = net.edit.step(net.tree);
  const text =
    field.line === field.endLine
      ? `${open} ${lines.join(" ")} scale_param { ${own.join(" ")} } ${close}`
      : [
          open,
          ...[...lines, "scale_param {", ...own.map((each) => step + each), "}"].map((each) => step + each),
          close,
        ].join("\n");
  return { edits: net.edit.insertAfter(field, text) };

  function indexOf(key: string): number {
    const index = given.findIndex(({ name }) => name === key);
    return index === -1 ? given.length : index;
  }
}

/** A name for the Scale of a BatchNorm that no layer beside it has. */
export function scaleName(net: LintNet, norm: LintLayer): string {
  const beside = net.views.filter((view) => view.has(norm)).map(namesIn);
  let wanted: string | undefined;
  for (const habit of habitsOf(net)) wanted ??= habit(norm.name);
  wanted ??= byWord(norm.name);
  for (let i = 1; ; i++) {
    const name = i === 1 ? wanted : `${wanted}_${i}`;
    if (!beside.some((taken) => taken.has(name))) return name;
  }
}

const namesIn = memoized(({ layers }: View) => new Set(layers.map(({ name }) => name)));

/** How the pairs of a net are named, each way once, by what is renamed to what. */
const habitsOf = memoized(({ views }: LintNet) => {
  const pairs = views
    .flatMap(batchNorms)
    .flatMap(({ layer, scale }) => (scale ? [renameAs(layer.name, scale.name)] : []));
  return [...new Map(pairs.toReversed().map(({ key, rename }) => [key, rename])).values()].reverse();
});

/** What makes `to` of `from`, as a rule for other names: `bn_conv1`, `scale_conv1` says that bn becomes scale. */
function renameAs(from: string, to: string) {
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  while (start < shorter && from[start] === to[start]) start++;
  let end = 0;
  while (end < shorter - start && from.at(-1 - end) === to.at(-1 - end)) end++;
  // Whole words, so that of bn and sn not only b becomes s.
  while (start > 0 && /[a-z]/i.test(from[start - 1] ?? "")) start--;
  while (end > 0 && /[a-z]/i.test(from[from.length - end] ?? "")) end--;
  const old = from.slice(start, from.length - end);
  const now = to.slice(start, to.length - end);
  const rename = (name: string): string | undefined => {
    if (old !== "") return name.includes(old) ? name.replace(old, now) : undefined;
    return end === 0 ? name + now : undefined;
  };
  return { key: JSON.stringify([old, now, end === 0]), rename };
}

function byWord(name: string): string {
  const word = /(?<![a-z])(?:batch_?norm(?:alization)?|bn)(?![a-z])/i;
  return word.test(name) ? name.replace(word, "scale") : `scale_${name}`;
}
