// Writes docs/layers.md from the doc comments of the layers, which are their contracts. `--stdout` prints the page instead.
import { readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { contractsIn } from "./contracts.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The folders of src/layers, in the order of Caffe's own documentation. */
const groups = {
  data: "Sources of batches, and files that batches are written to.",
  vision: "Layers that treat a blob as images: windows move over the axes behind the channels.",
  detection: "Boxes: what single-shot and region-based detectors need. Forks of Caffe have them.",
  segmentation: "Classes of pixels: layers of SegNet, PSPNet and DeepLab, forks of Caffe.",
  recurrent: "Layers over sequences, one step after the other.",
  common: "Matrix products, and layers that only move values.",
  activation: "Elementwise.",
  normalization: "Over a batch, a channel, or a neighbourhood.",
  loss: "Losses, which training makes small, and measures of a net.",
};

/** The labels that begin a piece of a contract. They are shown in bold. */
const labels =
  /^(No bottoms|Bottoms?|No tops?|Tops?|Gradients?|Parameters?|Departures?|Source|[A-Z][A-Z_]+(?=[:,; (])|`\w+_param(?:\.\w+)?`)/;

/**
 * Lines of doc comments are filled up to 100 columns at least. A line began a new piece on purpose if its first word had fitted
 * into the first 100 columns of the line before.
 */
const filled = 100;
/** The columns of a line of the page, at most. */
const width = 120;

const page = layersPage();
if (process.argv.includes("--stdout")) process.stdout.write(page);
else writeFileSync(`${root}docs/layers.md`, page);

function layersPage() {
  const sections = Object.entries(groups).map(([folder, about]) => ({ folder, about, ...layersOf(folder) }));
  const used = sections.filter(({ layers }) => layers.length > 0);
  const anchors = anchorsOf(used.flatMap(({ layers }) => layers.map(({ type }) => type)));
  const count = used.reduce((sum, { layers }) => sum + layers.length, 0);
  const contents = used.map(
    ({ folder, layers }) =>
      `| [${title(folder)}](#${folder}-layers) | ${layers.map(({ type }) => `[${type}](#${anchors.get(type)})`).join(", ")} |`,
  );
  return `${[
    "# Layers",
    fill(
      `All ${count} layer types, by their \`type\` in the prototxt. Each entry is the layer's contract: the doc comment above ` +
        "its class. This page is made of them by `npm run docs`; to change it, change them.",
    ),
    fill(
      "N is the batch, C the channels, H and W height and width; dx is the gradient of the loss with respect to x. A value " +
        "in parentheses behind a field is its default. *Works in place* means that the top may be the bottom. Parameters " +
        "are numbered as the blobs of a `.caffemodel`.",
    ),
    ["| | |", "|---|---|", ...contents, "| [Your own](#python-layers-and-layers-of-your-own) | Python |"].join("\n"),
    ...used.flatMap(({ folder, about, bases, layers }) => [
      `## ${title(folder)} layers`,
      about,
      ...[...bases, ...layers].map(entry),
    ]),
    ownLayers(),
  ].join("\n\n")}\n`;
}

/** The anchors of the types' headings. Of headings that differ in their letters' case alone, the later ones get a number, as on GitHub. */
function anchorsOf(types) {
  const seen = new Map();
  return new Map(
    types.map((type) => {
      const slug = type.toLowerCase().replaceAll(/[^\w-]/g, "");
      const before = seen.get(slug) ?? 0;
      seen.set(slug, before + 1);
      return [type, before === 0 ? slug : `${slug}-${before}`];
    }),
  );
}

/** The layers of a folder, by name, and those abstract classes of it that a contract names. */
function layersOf(folder) {
  const contracts = readdirSync(`${root}src/layers/${folder}`)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .flatMap((name) => contractsIn(`src/layers/${folder}/${name}`))
    .sort((a, b) => (a.type.toLowerCase() < b.type.toLowerCase() ? -1 : 1));
  const layers = contracts.filter(({ isBase }) => !isBase);
  const words = layers.flatMap(({ paragraphs }) => paragraphs.flat()).join("\n");
  return { bases: contracts.filter(({ isBase, type }) => isBase && words.includes(`\`${type}\``)), layers };
}

function entry({ type, path, paragraphs: [summary, ...rest] }) {
  const head = `### ${type}`;
  const [first, ...pieces] = [...piecesOf(summary), ...rest.flatMap(piecesOf)];
  const source = `[${path.replace(/^src\/layers\//, "")}](../${path})`;
  return [
    head,
    fill(marked(first)),
    [...pieces, source].map((piece) => bullet(piece, piece === source)).join("\n"),
  ].join("\n\n");
}

/** A paragraph's pieces: a new one begins where a line begins on purpose, and at a label. */
function piecesOf(lines) {
  const pieces = [];
  lines.forEach((line, i) => {
    const previous = lines[i - 1];
    const [word] = line.trim().split(" ");
    const isShort = previous?.length + 1 + word.length <= filled;
    if (previous === undefined || (/[.:]$/.test(previous) && (isShort || labels.test(line)))) pieces.push(line.trim());
    else pieces[pieces.length - 1] += ` ${line.trim()}`;
  });
  return pieces.flatMap((piece) => piece.split(/(?<=\.) (?=(?:Bottoms?|Gradients?|Source)\b|`\w+_param`?[:.])/));
}

function bullet(piece, isLink) {
  const text = isLink ? piece : marked(piece).replace(labels, "**$1**");
  return fill(`- ${text.replace(/^[-–] /, "")}`, "  ");
}

/** The text as Markdown: code stays marked, and other special characters are escaped. */
function marked(text) {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? linked(part) : part.replace(/[*<]/g, "\\$&")))
    .join("");
}

/** Links the name of an abstract class to its entry; other code stays as it is. */
function linked(code) {
  return /^`[A-Z]\w*Layer`$/.test(code) ? `[${code}](#${code.slice(1, -1).toLowerCase()})` : code;
}

/** Fills lines. No line begins with a word that Markdown would take for a list or a heading. */
function fill(text, indent = "") {
  const lines = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    const isMark = /^([+*>=-]+|#+|\d+[.)])$/.test(word);
    if (last !== undefined && (isMark || last.length + 1 + word.length <= width)) lines[lines.length - 1] += ` ${word}`;
    else lines.push(last === undefined ? word : indent + word);
  }
  return lines.join("\n");
}

function title(folder) {
  return folder[0].toUpperCase() + folder.slice(1);
}

function ownLayers() {
  return [
    "## Python layers, and layers of your own",
    fill(
      'A layer of `type: "Python"` names code outside of the prototxt, which Moka never runs: such a net is refused with an ' +
        "error that says which class it wants. Write that class in TypeScript, as a subclass of `Layer`, and register it " +
        "under `module/layer` or `module.layer`; under any other name it is a layer type of that name.",
    ),
    '```ts\nconst net = await Net.load("fcn.prototxt", {\n  layers: { "voc_layers/VOCSegDataLayer": VocLayer, "Snake": SnakeLayer },\n});\n```',
    fill(
      "`Solver.load` takes the same option. [test/conformance/own-layers.test.ts](../test/conformance/own-layers.test.ts) has " +
        "a layer to start from, with a parameter and both gradients.",
    ),
  ].join("\n\n");
}
