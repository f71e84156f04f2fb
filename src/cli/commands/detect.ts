import { resolve } from "node:path";
import type { FoundObject, ObjectDetector } from "../../api/object-detector.js";
import { check } from "../../util/errors.js";
import { oneLine } from "../../util/escape.js";
import type { Files } from "../../util/files.js";
import { type Command, command, flag, operand, option } from "../command.js";
import {
  forwardOptions,
  heightAndWidth,
  inputOptions,
  integer,
  json,
  mean,
  model,
  number,
  numbers,
  stateOptions,
  text,
  weights,
} from "../options.js";
import { print, printJson, problems } from "../print.js";
import { rowLines, widthOf } from "../table.js";
import { loadNet } from "../with-net.js";

/** `moka detect`: finds objects in pictures, and draws their boxes. */
export const detect: Command = command(
  {
    model,
    weights,
    pictures: operand("<pictures...>", "pictures"),
    out: option("--out <path>", "folder for the pictures with boxes, or for one picture the .png to write", text, "."),
    draw: flag("--no-draw", "print what is found, and draw nothing"),
    threshold: option("--threshold <score>", "least score of an object", number, 0.5),
    labelmap: option("--labelmap <file>", "names of the labels: SSD's labelmap.prototxt"),
    labels: option("--labels <file>", "names of the labels, one per line; the first is label 0, the background"),
    zoom: option("--zoom <n>", "enlarge a picture n times before boxes are drawn", integer(1), 1),
    mean,
    ...inputOptions,
    size: option("--size <height,width>", "size of the net's input (default: as the net says)", heightAndWidth),
    trainNet: option("--train-net <file>", "the net that was trained: its transform_param, where the model has none"),
    json,
    ...forwardOptions,
    ...stateOptions,
  },
  async ({ model, weights, pictures, out, draw, labelmap, labels, zoom, mean, json, ...options }) => {
    const { createFiles } = await import("#platform");
    const { ObjectDetector } = await import("../../api/object-detector.js");
    const files = createFiles();
    const drawings = draw ? await drawingsFor(pictures, out, files) : [];
    const names = await readNames(labelmap, labels, files);
    const log = problems({ upgrades: false });
    const settings = { ...options, mean: await readMean(mean), log };
    const net = await loadNet(model, { ...options, weights, log, keep: "outputs" });
    const detector = await ObjectDetector.on(net, model, settings);
    try {
      const results: Result[] = [];
      for (const [i, picture] of pictures.entries()) {
        const drawing = drawings[i];
        const found = await detectIn(detector, picture, { drawing, names, zoom, files });
        results.push(found);
        if (!json) print(described(found));
      }
      if (json) printJson(results);
    } finally {
      await detector.dispose();
    }
  },
  {
    help:
      "The net's output has rows of seven values, as SSD's DetectionOutput: image, label, score, and the box in units of the image.\n" +
      "A picture is resized to the net's input. Mean and scale are those of the transform_param of the net's input, or of\n" +
      "the data layer of --train-net, unless they are given. With --json, boxes are in pixels of the picture.",
  },
);

interface Result {
  readonly image: string;
  /** The file with the boxes; missing if none was drawn. */
  readonly drawing?: string;
  readonly width: number;
  readonly height: number;
  readonly detections: readonly (FoundObject & { readonly name?: string })[];
}

type Names = ReadonlyMap<number, string>;

interface Drawing {
  readonly drawing: string | undefined;
  readonly names: Names;
  readonly zoom: number;
  readonly files: Files;
}

async function detectIn(detector: ObjectDetector, picture: string, to: Drawing): Promise<Result> {
  const { drawing, names, zoom, files } = to;
  const { image, objects } = await detector.detect(picture);
  const detections = objects.map((object) => {
    const name = names.get(object.label);
    return { ...object, ...(name !== undefined && { name }) };
  });
  const { width, height } = image;
  if (drawing !== undefined) {
    const { createImages } = await import("#platform");
    const { decodeImage } = await import("../../tools/image-array.js");
    const { drawBoxes, enlarged } = await import("../../tools/detections/draw.js");
    const boxes = detections.map(({ label, name, score, xmin, ymin, xmax, ymax }) => ({
      ...{ label, xmin: xmin * zoom, ymin: ymin * zoom, xmax: xmax * zoom, ymax: ymax * zoom },
      text: `${name ?? label} ${score.toFixed(2)}`,
    }));
    const colored = image.channels === 3 ? image : await decodeImage(picture, { color: true }, { files });
    const drawn = drawBoxes(enlarged(colored, zoom), boxes);
    await files.write(drawing, await createImages().encode(drawn, "png"));
  }
  return { image: picture, ...(drawing !== undefined && { drawing }), width, height, detections };
}

/** The files to draw the pictures to; checks that they can be written and that none is written twice. */
async function drawingsFor(pictures: readonly string[], out: string, files: Files): Promise<string[]> {
  const isFile = /\.png$/i.test(out) && !(await files.isFolder(out));
  check(
    !isFile || pictures.length === 1,
    "MOKA_USAGE",
    `--out ${out} is one file, for ${pictures.length} pictures: give a folder`,
  );
  if (!isFile) await files.makeFolder(out);
  const inputs = new Set(pictures.map((picture) => resolve(picture)));
  const drawings = new Map<string, string>();
  for (const picture of pictures) {
    const name = /([^/\\]*?)(\.[^./\\]*)?([?#].*)?$/.exec(picture)?.[1] || "picture";
    const drawing = isFile ? out : `${out}/${name}-detections.png`.replace(/^\.\//, "");
    const other = drawings.get(drawing);
    check(other === undefined, "MOKA_USAGE", `${other} and ${picture} would both be drawn to ${drawing}`);
    check(!inputs.has(resolve(drawing)), "MOKA_USAGE", `${drawing} would be drawn over a picture that is given`);
    await files.probe(drawing);
    drawings.set(drawing, picture);
  }
  return [...drawings.keys()];
}

async function readNames(labelmap: string | undefined, labels: string | undefined, files: Files): Promise<Names> {
  check(labelmap === undefined || labels === undefined, "MOKA_USAGE", "give --labelmap or --labels, not both");
  if (labelmap !== undefined) {
    const { displayNames } = await import("../../data/annotated/annotations.js");
    return displayNames(await files.readText(labelmap), labelmap);
  }
  if (labels === undefined) return new Map();
  const lines = (await files.readText(labels)).split(/\r?\n/);
  return new Map(lines.map((line, label) => [label, line.trim()] as const).filter(([, name]) => name !== ""));
}

/** A mean as its option gives it: values, or a file. */
async function readMean(mean: string | undefined) {
  const data = mean === undefined ? undefined : numbers(mean);
  return data ? { shape: [data.length], data } : mean;
}

const titles = ["label", "name", "score", "xmin", "ymin", "xmax", "ymax"] as const;

/** A line on the picture, and a table of what is in it. */
function described({ image, drawing, detections }: Result): string {
  const count = detections.length === 1 ? "1 object" : `${detections.length || "no"} objects`;
  const drawn = drawing === undefined ? "" : `, drawn in ${drawing}`;
  const rows = detections.map(({ label, name = "", score, xmin, ymin, xmax, ymax }) => [
    `${label}`,
    oneLine(name),
    score.toFixed(4),
    ...[xmin, ymin, xmax, ymax].map((edge) => edge.toFixed(1)),
  ]);
  const table = rows.length === 0 ? [] : [[...titles], ...rows];
  const widths = titles.map((_, i) => Math.max(...table.map((row) => widthOf(row[i] ?? ""))));
  const columns = { widths, gap: 2, right: 2 };
  const lines = table.flatMap((row) =>
    rowLines(
      row.map((cell) => [cell]),
      columns,
    ),
  );
  return [`${oneLine(image)}: ${count}${oneLine(drawn)}`, ...lines.map((line) => `  ${line}`), ""].join("\n");
}
