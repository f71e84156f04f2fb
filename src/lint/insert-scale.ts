import { quote } from "../proto/text/strings.js";
import { grouped } from "../util/grouped.js";
import { memoized } from "../util/memoized.js";
import { batchNorms } from "./batch-norms.js";
import type { LintLayer } from "./layer.js";
import type { LintNet } from "./net.js";
import { fieldOnOneLine } from "./one-line.js";
import type { Fix } from "./rule.js";
import type { View } from "./view.js";

/**
 * Adds a Scale right after a BatchNorm: in place on its top, with its include and exclude rules, its layout, and a
 * name like those of the file's other Scales (`scaleName`).
 *
 * @param specs the Scale's `param` fields; `own` are the fields of its `scale_param`
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
  // Its twin in a phase that nobody looked at would go without.
  const isTwin = (each: LintLayer) => each !== norm && each.name === norm.name;
  if (net.layers.some((each) => isTwin(each) && !net.views.some((view) => view.has(each)))) return undefined;
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
  const step = net.edit.indentation(net.tree);
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

/** A name for the Scale of a BatchNorm; no layer in a state with the BatchNorm has it yet. */
export function scaleName(net: LintNet, norm: LintLayer): string {
  const beside = net.views.filter((view) => view.has(norm)).map(namesIn);
  const candidates = renamesIn(net).map((rename) => rename(norm.name));
  const wanted = candidates.find((name) => name !== undefined) ?? scaleNameFrom(norm.name);
  for (let i = 1; ; i++) {
    const name = i === 1 ? wanted : `${wanted}_${i}`;
    if (!beside.some((taken) => taken.has(name))) return name;
  }
}

const namesIn = memoized(({ layers }: View) => new Set(layers.map(({ name }) => name)));

/** The ways in which a net's Scales are named after their BatchNorm, each once. */
const renamesIn = memoized(({ views }: LintNet) => {
  const pairs = views
    .flatMap(batchNorms)
    .flatMap(({ layer, scale }) => (scale ? [renameAs(layer.name, scale.name)] : []));
  return [...grouped(pairs, ({ key }) => key).values()].flatMap(([first]) => first?.rename ?? []);
});

/** Makes names as `to` is made from `from`: with `bn_conv1` and `scale_conv1`, "bn" is replaced by "scale". */
function renameAs(from: string, to: string) {
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  while (start < shorter && from[start] === to[start]) start++;
  let end = 0;
  while (end < shorter - start && from.at(-1 - end) === to.at(-1 - end)) end++;
  // Whole words are compared: from bn to sn, bn is replaced and not only b.
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

function scaleNameFrom(name: string): string {
  const word = /(?<![a-z])(?:batch_?norm(?:alization)?|bn)(?![a-z])/i;
  return word.test(name) ? name.replace(word, "scale") : `scale_${name}`;
}
