import { MokaError } from "./errors.js";

/** What the text of a setting can be: YAML's scalars, lists and maps. */
export type YamlValue = null | boolean | number | string | readonly YamlValue[] | { readonly [key: string]: YamlValue };

interface Line {
  readonly number: number;
  readonly indent: number;
  readonly text: string;
}

/**
 * Reads the part of YAML that settings are written in: maps and lists, by indentation or in brackets, scalars, quotes, comments.
 * A tag (`!!python/tuple`) is left out, and a list may have parentheses, as Python's tuples do.
 *
 * @param name what is read, for errors
 * @throws MokaError `MOKA_PARSE` for anchors, several documents, texts of several lines, keys given twice, and what is no YAML
 */
export function parseYaml(text: string, name: string): YamlValue {
  const lines = linesOf(text);
  if (lines[0]?.text === "---") lines.shift();
  if (lines.length === 0) return null;
  const reader = new Reader(lines, name);
  const value = reader.block(lines[0]?.indent ?? 0);
  reader.end();
  return value;
}

/** The lines without comments and blank lines; those within brackets are joined. */
function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let open = 0;
  for (const [i, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const bare = withoutComment(raw).trimEnd();
    if (bare.trim() === "") continue;
    const last = lines.at(-1);
    if (open > 0 && last) lines[lines.length - 1] = { ...last, text: `${last.text} ${bare.trim()}` };
    else lines.push({ number: i + 1, indent: bare.search(/\S/), text: bare.trim() });
    open += depthOf(bare);
  }
  return lines;
}

/** The parts of a line: quoted texts, and single characters. */
const parts = (line: string) => line.match(/'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|./gs) ?? [];

function withoutComment(line: string): string {
  const all = parts(line);
  const end = all.findIndex((part, i) => part === "#" && /^\s*$/.test(all[i - 1] ?? ""));
  return end < 0 ? line : all.slice(0, end).join("");
}

function depthOf(line: string): number {
  return parts(line).reduce((depth, part) => depth + Number("[{(".includes(part)) - Number("]})".includes(part)), 0);
}

const key = /^('(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[^\s'"[\]{},:#&*!|>%@`-](?:[^:#[\]{},]*[^\s:#[\]{},])?)\s*:(?:\s+|$)/;

class Reader {
  readonly #lines: readonly Line[];
  readonly #name: string;
  #next = 0;

  constructor(lines: readonly Line[], name: string) {
    this.#lines = lines;
    this.#name = name;
  }

  end(): void {
    if (this.#next < this.#lines.length) this.#fail("this line does not belong to what is before it");
  }

  /** The value that starts at the next line. */
  block(indent: number): YamlValue {
    const { text = "" } = this.#lines[this.#next] ?? {};
    if (text === "-" || text.startsWith("- ")) return this.#list(indent);
    if (key.test(text)) return this.#map(indent);
    const value = this.#inline(text);
    this.#next++;
    return value;
  }

  #map(indent: number): YamlValue {
    const map: Record<string, YamlValue> = Object.create(null);
    for (let line = this.#at(indent); line; line = this.#at(indent)) {
      const [all = "", name = ""] = key.exec(line.text) ?? this.#fail("expected a key and a colon");
      const known = String(scalar(name, true));
      if (known in map) this.#fail(`the key ${known} is given twice`);
      map[known] = this.#after(line.text.slice(all.length), indent);
    }
    return { ...map };
  }

  #list(indent: number): YamlValue {
    const list: YamlValue[] = [];
    for (let line = this.#at(indent); line; line = this.#at(indent)) {
      if (line.text !== "-" && !line.text.startsWith("- ")) break; // the next key of the map that the list is in
      const rest = line.text.slice(1).trim();
      if (key.test(rest)) this.#fail("a map within a list must be written in braces");
      list.push(this.#after(rest, indent));
    }
    return list;
  }

  /** What stands behind a colon or a dash: on the line, or on the next lines, which are indented more. */
  #after(rest: string, indent: number): YamlValue {
    const value = rest === "" ? undefined : this.#inline(rest);
    this.#next++;
    if (value !== undefined) return value;
    const inner = this.#lines[this.#next];
    const isList = inner?.indent === indent && inner.text.startsWith("- ");
    return inner && (inner.indent > indent || isList) ? this.block(inner.indent) : null;
  }

  /** The next line, if it has this indentation; undefined at the end of the block. */
  #at(indent: number): Line | undefined {
    const line = this.#lines[this.#next];
    if (!line || line.indent < indent) return undefined;
    if (line.indent > indent) this.#fail("this line is indented more than the one before it");
    return line;
  }

  #inline(text: string): YamlValue {
    const flow = new Flow(text, (reason) => this.#fail(reason));
    return flow.whole();
  }

  #fail(reason: string): never {
    const { number = 1 } = this.#lines[this.#next] ?? {};
    throw new MokaError("MOKA_PARSE", `${this.#name}, line ${number}: ${reason}`);
  }
}

const closing: Readonly<Record<string, string>> = { "[": "]", "(": ")", "{": "}" };

/** Values in brackets and scalars. */
class Flow {
  readonly #tokens: readonly string[];
  readonly #fail: (reason: string) => never;
  #next = 0;

  constructor(text: string, fail: (reason: string) => never) {
    const untagged = text.replace(/(^|[\s,:[({])!!?[\w/:.]*(?=\s|[[({])/g, "$1").trim();
    if (/^[&*|>%@`]/.test(untagged)) fail(`${untagged.slice(0, 20)} is not of the YAML that settings are written in`);
    const isFlow = /^[[({'"]/.test(untagged);
    this.#tokens = isFlow
      ? (untagged.match(/'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[[\](){},:]|[^\s[\](){},:'"][^[\](){},:'"]*|['"]/g) ?? [])
      : [untagged];
    this.#fail = fail;
  }

  whole(): YamlValue {
    const value = this.#value(0);
    if (this.#next < this.#tokens.length) this.#fail(`unexpected ${this.#tokens[this.#next]}`);
    return value;
  }

  #value(depth: number): YamlValue {
    if (depth > 50) this.#fail("brackets within more than 50 others");
    const token = this.#tokens[this.#next++] ?? this.#fail("a bracket is not closed");
    const end = closing[token];
    if (end === undefined) {
      if (/^[\])},:]$/.test(token)) this.#fail(`unexpected ${token}`);
      if (/^['"]/.test(token) && !/^(['"]).*\1$/s.test(token)) this.#fail("a quote is not closed");
      return scalar(token.trim(), false);
    }
    const list: YamlValue[] = [];
    const map: Record<string, YamlValue> = Object.create(null);
    while (this.#tokens[this.#next] !== end) {
      const value = this.#value(depth + 1);
      if (token !== "{") list.push(value);
      else {
        if (this.#tokens[this.#next++] !== ":") this.#fail("expected a colon");
        if (String(value) in map) this.#fail(`the key ${value} is given twice`);
        map[String(value)] = this.#value(depth + 1);
      }
      if (this.#tokens[this.#next] === ",") this.#next++;
      else if (this.#next === this.#tokens.length) this.#fail("a bracket is not closed");
      else if (this.#tokens[this.#next] !== end) this.#fail(`expected , or ${end}`);
    }
    this.#next++;
    return token === "{" ? { ...map } : list;
  }
}

/** @param isKey whether it stays a text, whatever it looks like */
function scalar(token: string, isKey: boolean): YamlValue {
  if (token.startsWith("'") && token.endsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
  if (token.startsWith('"') && token.endsWith('"')) {
    const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t" };
    return token.slice(1, -1).replace(/\\(.)/g, (_, escaped: string) => escapes[escaped] ?? escaped);
  }
  if (isKey) return token;
  if (/^(?:true|yes|on)$/i.test(token)) return true;
  if (/^(?:false|no|off)$/i.test(token)) return false;
  if (/^(?:null|none|~|)$/i.test(token)) return null;
  if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(token)) return Number(token);
  if (/^0x[\da-f]+$/i.test(token)) return Number(token);
  return token;
}
