import { MokaError } from "../../util/errors.js";

/** An element of an XML document. */
export interface XmlElement {
  readonly name: string;
  /** The text directly in it, without the blanks around it. */
  readonly text: string;
  readonly children: readonly XmlElement[];
  /** The line of its start tag, from 1. */
  readonly line: number;
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** A tag, a comment, an instruction, a declaration or a CDATA section; the last alternative is what never ends. */
const markup =
  /<!--.*?-->|<\?.*?\?>|<!\[CDATA\[(.*?)\]\]>|<!DOCTYPE[^>[]*>|<(\/?)([^\s<>/!?]+)((?:\s(?:"[^"<]*"|'[^'<]*'|[^<>"'])*?)?)(\/?)>|</gs;

interface OpenElement {
  readonly name: string;
  readonly children: XmlElement[];
  readonly line: number;
  text: string;
}

/**
 * Reads a small XML document, such as an annotation: elements, text, entities, CDATA, comments. Attributes are skipped; a
 * DOCTYPE may define nothing.
 *
 * @param file its name in errors
 * @returns the root element
 * @throws MokaError MOKA_DATA at the line where it is not well-formed
 */
export function parseXml(source: string, file: string): XmlElement {
  const stack: OpenElement[] = [{ name: "", children: [], line: 1, text: "" }];
  let [line, counted, at] = [1, 0, 0];
  const lineOf = (index: number) => {
    for (; counted < index; counted++) if (source[counted] === "\n") line += 1;
    return line;
  };
  const fail = (index: number, reason: string): never => {
    throw new MokaError("MOKA_DATA", reason, { place: { file, line: lineOf(index), column: 1 } });
  };
  const top = () => stack.at(-1) as OpenElement;
  const addText = (from: number, to: number) => {
    const text = source.slice(from, to).replace(/&([^;\s]*);?/g, (whole, name: string) => {
      const code = /^#(?:x([\da-f]{1,6})|(\d{1,7}))$/i.exec(name);
      const point = code ? Number.parseInt(code[1] ?? code[2] ?? "", code[1] ? 16 : 10) : Number.NaN;
      const value = point <= 0x10ffff ? String.fromCodePoint(point) : entities[name];
      return whole.endsWith(";") && value !== undefined ? value : fail(from, `${whole} is no entity of XML`);
    });
    if (stack.length === 1 && text.trim().replace("\ufeff", "") !== "") fail(from, "text outside the root element");
    top().text += text;
  };
  for (const match of source.matchAll(markup)) {
    addText(at, match.index);
    const [whole, data, isEnd, name = "", , isEmpty] = match;
    at = match.index + whole.length;
    if (whole === "<") fail(match.index, "a tag that is not closed, or is none");
    if (data !== undefined) top().text += data;
    if (name === "") continue;
    if (isEnd) {
      const open = top();
      if (stack.length === 1 || open.name !== name) {
        fail(match.index, `</${name}> where ${stack.length === 1 ? "nothing" : `<${open.name}>`} is open`);
      }
      stack.pop();
      top().children.push({ ...open, text: open.text.trim() });
      continue;
    }
    if (stack.length === 1 && top().children.length > 0) fail(match.index, `<${name}> behind the root element`);
    if (stack.length > 100) fail(match.index, "more than 100 elements in one another");
    const opened: OpenElement = { name, children: [], line: lineOf(match.index), text: "" };
    if (isEmpty) top().children.push(opened);
    else stack.push(opened);
  }
  addText(at, source.length);
  if (stack.length > 1) fail(source.length, `the document ends in <${top().name}>, which line ${top().line} begins`);
  return top().children[0] ?? fail(0, "the document has no element");
}
