import type { TextIssue } from "../proto/text/index.js";
import { meantAt } from "../proto/text/lexer.js";
import { contentOf } from "../proto/text/strings.js";
import type { FileNode, ListNode, ScalarNode } from "../proto/text/tree.js";
import type { Edit } from "./edits.js";
import { bodyAround, type PlacedValue, valueAt } from "./places.js";

/**
 * Edits that make Caffe read what Moka reads at an issue; undefined if what was meant is uncertain, or more than a few
 * characters would change.
 */
export function repairOf(issue: TextIssue, tree: FileNode, offset: number): readonly Edit[] | undefined {
  const placed = valueAt(tree, offset);
  switch (issue.code) {
    case "MOKA_TEXT_CHARACTER":
      return character(tree.text, offset);
    case "MOKA_TEXT_PUNCTUATION":
      return punctuation(tree, offset, placed);
    case "MOKA_TEXT_QUOTES":
      return placed?.value.kind === "scalar" ? [over(placed.value, requoted(placed.value))] : undefined;
    case "MOKA_TEXT_SPELLING":
      return placed?.value.kind === "scalar" ? respelled(issue.message, placed.value) : undefined;
    case "MOKA_TEXT_LIST":
      return placed?.value.kind === "list" ? unlisted(tree.text, placed.value) : undefined;
    case "MOKA_TEXT_REPEATED":
      return repeated(tree, offset);
    default:
      return undefined;
  }
}

function over({ offset, end }: { readonly offset: number; readonly end: number }, replacement: string): Edit {
  return { start: offset, end, replacement };
}

function character(text: string, offset: number): Edit[] | undefined {
  if (offset <= 1 && text.startsWith("\ufeff")) return [{ start: 0, end: 1, replacement: "" }];
  const meant = meantAt(text, offset);
  return meant && [{ start: offset, end: meant.end, replacement: meant.ascii }];
}

function punctuation(tree: FileNode, offset: number, placed: PlacedValue | undefined): Edit[] | undefined {
  const { text } = tree;
  const put = (replacement: string) => [{ start: offset, end: offset + 1, replacement }];
  const at = text.charAt(offset);
  if (placed && !/[:=]/.test(text.slice(placed.field.nameEnd, offset))) {
    return [{ start: placed.field.nameEnd, end: placed.field.nameEnd, replacement: ":" }];
  }
  if (placed?.field.value?.kind === "list") {
    const before = placed.field.value.values.findLast(({ end }) => end <= offset);
    return before && [{ start: before.end, end: before.end, replacement: "," }];
  }
  const list = bodyAround(tree, offset).field?.value;
  const inList = list?.kind === "list" && list.offset < offset && offset < list.end;
  if (at === "=") return put(":");
  if (at === "]") return inList ? withoutLastComma(text, offset) : undefined;
  if (at === "}" || at === ">") return put(at === "}" ? ">" : "}");
  if (at !== "," && at !== ";") return undefined;
  const surplus = !inList || /[[,;]$/.test(text.slice(0, offset).trimEnd().slice(-1)) || at === ",";
  return put(surplus ? "" : ",");
}

function withoutLastComma(text: string, offset: number): Edit[] | undefined {
  const start = text.slice(0, offset).trimEnd().length - 1;
  return /[,;]/.test(text.charAt(start)) ? [{ start, end: start + 1, replacement: "" }] : undefined;
}

/** Adds quotes to a string that lacks them; removes them from a value that is not a string. */
function requoted({ form, text, negative }: ScalarNode): string {
  if (form === "string") return contentOf(text).trim();
  return `"${negative ? "-" : ""}${text.replaceAll("\\", "\\\\")}"`;
}

/** Replaces the value by the spelling that the issue's message names. */
function respelled(message: string, value: ScalarNode): Edit[] | undefined {
  const [, written = "", spelled] = / (\S+) is spelled (\S+)$/.exec(message) ?? [];
  if (!spelled) return undefined;
  const sign = value.negative && !written.startsWith("-") && !spelled.startsWith("-") ? "-" : "";
  return [over(value, sign + spelled)];
}

function unlisted(text: string, list: ListNode): Edit[] | undefined {
  const [only, ...more] = list.values;
  if (!only || more.length > 0 || list.dangling.length > 0 || only.leading.length > 0) return undefined;
  return [over(list, text.slice(only.offset, only.end))];
}

/** Removes a scalar that repeats an earlier one with the same value. */
function repeated(tree: FileNode, offset: number): Edit[] | undefined {
  const { body, field } = bodyAround(tree, offset);
  const same = (node: typeof field) =>
    node?.value?.kind === "scalar" && tree.text.slice(node.value.offset, node.value.end);
  const earlier = body.fields.findLast((node) => node.name === field?.name && node.offset < offset);
  if (!field || !earlier || same(earlier) === false || same(earlier) !== same(field)) return undefined;
  const { text } = tree;
  const end = Math.max(field.end, field.separatorEnd);
  let indent = field.offset; // a regular expression for the blanks before it would take a time quadratic in them
  while (text[indent - 1] === " " || text[indent - 1] === "\t") indent--;
  const lineBreak = /\r?\n$/.exec(text.slice(Math.max(0, indent - 2), indent))?.[0] ?? "";
  const endsLine = /^[ \t]*\r?(\n|$)/.test(text.slice(end, end + 200));
  const start = indent - (endsLine ? lineBreak.length : 0);
  return [{ start: field.leading.length > 0 ? field.offset : start, end, replacement: "" }];
}
