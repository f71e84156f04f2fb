/** The little markdown of Moka's own documentation, as data: paragraphs, lists, code, bold, links. All else is text. */

export interface Inline {
  readonly kind: "text" | "code" | "bold";
  readonly text: string;
}

export type Block =
  | { readonly kind: "paragraph"; readonly parts: readonly Inline[] }
  | { readonly kind: "list"; readonly items: readonly (readonly Inline[])[] }
  | { readonly kind: "code"; readonly text: string };

export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  // Every second part is between fences.
  for (const [i, part] of markdown.split(/^```.*\n?/m).entries()) {
    if (i % 2 === 1) blocks.push({ kind: "code", text: part.replace(/\n$/, "") });
    else blocks.push(...textBlocks(part));
  }
  return blocks;
}

const item = /^\s*[-*] /;

function* textBlocks(markdown: string): Generator<Block> {
  for (const block of markdown.split(/\n\s*\n/)) {
    const text = block.trim();
    if (text === "") continue;
    const first = text.split("\n").findIndex((line) => item.test(line));
    const lines = text.split("\n");
    if (first !== 0)
      yield { kind: "paragraph", parts: inlineOf(lines.slice(0, first < 0 ? lines.length : first).join(" ")) };
    if (first < 0) continue;
    // A line that begins no item goes on with the one before it.
    const items = lines
      .slice(first)
      .join("\n")
      .split(/\n(?=\s*[-*] )/);
    yield { kind: "list", items: items.map((each) => inlineOf(each.replace(item, "").replaceAll(/\s*\n\s*/g, " "))) };
  }
}

/** A link is its text: the page goes to no other place. */
export function inlineOf(text: string): readonly Inline[] {
  const parts: Inline[] = [];
  const add = (kind: Inline["kind"], text: string) => {
    if (text !== "") parts.push({ kind, text });
  };
  let at = 0;
  for (const found of text.matchAll(/(`+)(.+?)\1|\*\*(.+?)\*\*|\[([^\]]+)\]\([^)\s]*\)/g)) {
    add("text", unescaped(text.slice(at, found.index)));
    const [all, , code, bold, link] = found;
    if (code !== undefined) add("code", code.replaceAll(/^ (?=`)|(?<=`) $/g, ""));
    else if (bold !== undefined) add("bold", unescaped(bold));
    else add("text", unescaped(link ?? ""));
    at = found.index + all.length;
  }
  add("text", unescaped(text.slice(at)));
  return parts;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([\\`*_{}[\]()#+\-.!<>|~])/g, "$1");
}

/** The same as elements of the page; everything in them is text. */
export function markdownElement(markdown: string): HTMLElement {
  const box = document.createElement("div");
  box.className = "markdown";
  for (const block of blocksOf(markdown)) {
    if (block.kind === "code") {
      const pre = document.createElement("pre");
      pre.textContent = block.text;
      box.append(pre);
    } else if (block.kind === "paragraph") box.append(filled("p", block.parts));
    else {
      const list = document.createElement("ul");
      list.append(...block.items.map((each) => filled("li", each)));
      box.append(list);
    }
  }
  return box;
}

const tags = { code: "code", bold: "strong" } as const;

function filled(name: "p" | "li", parts: readonly Inline[]): HTMLElement {
  const element = document.createElement(name);
  for (const { kind, text } of parts) {
    if (kind === "text") element.append(text);
    else {
      const inner = document.createElement(tags[kind]);
      inner.textContent = text;
      element.append(inner);
    }
  }
  return element;
}
