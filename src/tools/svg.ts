/** Fonts that look similar on all systems. Widths of texts are estimated for them. */
const fontFamily = "Inter, 'Segoe UI', 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif";

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element. Undefined attributes are left out; numbers are rounded to hundredths. */
export function element(name: string, attributes: Attributes, content = ""): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? round(value) : escapeXml(value ?? "")}"`)
    .join("");
  return content === "" ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

/** A place in the drawing, in pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The colours of text and lines. */
export const ink = { strong: "#1f2933", soft: "#5b6673", grid: "#e6eaee", axis: "#aab4be" } as const;

/** A line of text; `x` and `y` are the anchor of its baseline. */
export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element("text", { x, y, ...attributes }, escapeXml(content));
}

/** A whole file, with a white background. */
export function svgFile(width: number, height: number, title: string, body: readonly string[]): string {
  const w = Math.ceil(width);
  const h = Math.ceil(height);
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${w} ${h}`,
    width: w,
    height: h,
    role: "img",
    "font-family": fontFamily,
  };
  const background = element("rect", { width: w, height: h, fill: "#ffffff" });
  const lines = [element("title", {}, escapeXml(title)), background, ...body];
  return `${element("svg", attributes, `\n${lines.join("\n")}\n`)}\n`;
}

/**
 * Escapes a text. Control characters, marks that turn the direction of a text, and what XML does not allow become
 * question marks.
 */
export function escapeXml(content: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  const plain = content.replace(/(?![\t\n])[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufffe\uffff]|\p{Surrogate}/gu, "?");
  return plain.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

/** An estimate of a text's width in the fonts above, in pixels; rarely below the true width. */
export function textWidth(content: string, size: number): number {
  let ems = 0;
  for (const character of content) ems += emsOf(character);
  return ems * size;
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function emsOf(character: string): number {
  if (/[ijl.,:;'|!]/.test(character)) return 0.28;
  if (/[frt()[\]/ -]/.test(character)) return 0.36;
  if (/[mwMW@%]/.test(character)) return 0.88;
  if (/[A-Z&]/.test(character)) return 0.7;
  return (character.codePointAt(0) ?? 0) > 0x2e80 ? 1 : 0.58;
}
