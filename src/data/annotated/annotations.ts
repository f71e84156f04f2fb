import type { AnnotatedBox } from "../../proto/binary/index.js";
import { type LabelMap, LabelMapSchema } from "../../proto/gen/caffe_pb.js";
import { parseText } from "../../proto/text/index.js";
import { MokaError } from "../../util/errors.js";
import { parseXml, type XmlElement } from "./xml.js";

/** The forms of annotation files: PASCAL VOC's and ILSVRC's XML; MS COCO's JSON, a file for each image; numbers in lines. */
export type LabelType = "xml" | "json" | "txt";

/** What reading an annotation needs beside its text. */
export interface AnnotationContext {
  /** The file's name in errors. */
  readonly file: string;
  /** The size of the image, before it was resized. */
  readonly width: number;
  readonly height: number;
  /** The label of each class, by its name. */
  readonly labels: ReadonlyMap<string, number>;
  /** Receives what is strange, but is no error. */
  readonly warn: (message: string) => void;
}

function fail(file: string, line: number, reason: string): never {
  throw new MokaError("MOKA_DATA", reason, { place: { file, line, column: 1 } });
}

/** Reads the text of a label map. It has a class at least. */
function readLabelMap(text: string, file: string): LabelMap {
  const { message, issues } = parseText(LabelMapSchema, text, { file });
  const issue = issues.find(({ severity }) => severity === "error");
  if (issue) fail(file, issue.line, issue.message);
  if (message.item.length === 0) fail(file, 1, "the label map has no item");
  return message;
}

/** The name of each label of a label map, as people read it: `display_name`, or else `name`. */
export function displayNames(text: string, file: string): ReadonlyMap<number, string> {
  const { item } = readLabelMap(text, file);
  return new Map(item.map(({ label, name, displayName }) => [label, displayName || name]));
}

/**
 * Reads a label map: for each class its name and its label.
 *
 * @param isStrict whether a name may not come twice; otherwise the last counts
 */
export function parseLabelMap(text: string, file: string, isStrict: boolean): ReadonlyMap<string, number> {
  const labels = new Map<string, number>();
  for (const { name, label } of readLabelMap(text, file).item) {
    if (isStrict && labels.has(name)) fail(file, 1, `the name ${JSON.stringify(name)} comes twice`);
    labels.set(name, label);
  }
  return labels;
}

/** The boxes of an annotation file, in units of the image, class by class in the order of the first of each. */
export function parseAnnotation(text: string, type: LabelType, context: AnnotationContext): readonly AnnotatedBox[] {
  const parse = { xml: parseVoc, json: parseCoco, txt: parseLines }[type];
  const groups = new Map<number, AnnotatedBox[]>();
  for (const { label, edges, difficult, size } of parse(text, context)) {
    warnAbout(edges, size, context);
    const group = groups.get(label) ?? [];
    groups.set(label, group);
    const [xmin = 0, ymin = 0, xmax = 0, ymax = 0] = edges.map((edge, i) => {
      return Math.fround(Math.fround(edge) / (i % 2 === 0 ? size.width : size.height));
    });
    group.push({ label, instance: group.length, xmin, ymin, xmax, ymax, difficult });
  }
  return [...groups.values()].flat();
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A box in pixels of an image of this size. */
interface Found {
  readonly label: number;
  readonly edges: readonly [xmin: number, ymin: number, xmax: number, ymax: number];
  readonly difficult: boolean;
  readonly size: Size;
}

function warnAbout([xmin, ymin, xmax, ymax]: Found["edges"], { width, height }: Size, context: AnnotationContext) {
  const isInside = [xmin, xmax].every((x) => x >= 0 && x <= width) && [ymin, ymax].every((y) => y >= 0 && y <= height);
  if (!isInside) context.warn(`${context.file} bounding box exceeds image boundary.`);
  if (xmin > xmax || ymin > ymax) context.warn(`${context.file} bounding box irregular.`);
}

/** The size that an annotation gives, if it is one, else the image's. */
function sizeOf(width: number, height: number, context: AnnotationContext): Size {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    context.warn(`${context.file} gives no size of the image; the image's own is taken.`);
    return context;
  }
  if (height !== context.height) context.warn(`${context.file} inconsistent image height.`);
  if (width !== context.width) context.warn(`${context.file} inconsistent image width.`);
  return { width, height };
}

function labelOf(name: string, line: number, { labels, file }: AnnotationContext): number {
  return labels.get(name) ?? fail(file, line, `the class ${JSON.stringify(name)} is not in the label map`);
}

const child = ({ children }: XmlElement | { children: readonly XmlElement[] }, name: string) =>
  children.find((each) => each.name === name);

/** `<annotation>` with a `<size>`, and `<object>`s with a `<name>`, a `<bndbox>` and perhaps `<difficult>1`. */
function parseVoc(text: string, context: AnnotationContext): readonly Found[] {
  const { file } = context;
  const root = parseXml(text, file);
  if (root.name !== "annotation") fail(file, root.line, `<${root.name}> where <annotation> should stand`);
  const given = child(root, "size") ?? { children: [] };
  const size = sizeOf(numberIn(child(given, "width")), numberIn(child(given, "height")), context);
  return root.children
    .filter(({ name }) => name === "object")
    .map((object) => {
      const name = child(object, "name") ?? fail(file, object.line, "<object> has no <name>");
      const bounds = child(object, "bndbox") ?? fail(file, object.line, "<object> has no <bndbox>");
      const [xmin, ymin, xmax, ymax] = ["xmin", "ymin", "xmax", "ymax"].map((edge) => {
        const element = child(bounds, edge) ?? fail(file, bounds.line, `<bndbox> has no <${edge}>`);
        const value = numberIn(element);
        return Number.isFinite(value)
          ? value
          : fail(file, element.line, `<${edge}> is ${JSON.stringify(element.text)}, no number`);
      }) as [number, number, number, number];
      const difficult = child(object, "difficult")?.text === "1";
      return { label: labelOf(name.text, name.line, context), edges: [xmin, ymin, xmax, ymax], difficult, size };
    });
}

const numberIn = (element: XmlElement | undefined) => numberOf(element?.text ?? "");

/** The number that a text is; NaN if it is none. */
const numberOf = (text: string) => (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN);

/** `{ "image": { "width", "height" }, "annotation": [{ "category_id", "bbox": [x, y, width, height], "iscrowd" }] }`. */
function parseCoco(text: string, context: AnnotationContext): readonly Found[] {
  const { file } = context;
  const root = fieldsOf(parseJson(text, file));
  const image = fieldsOf(root.image);
  const size = sizeOf(Number(image.width), Number(image.height), context);
  if (!Array.isArray(root.annotation)) fail(file, 1, "annotation must be a list of objects");
  return root.annotation.map((value: unknown, i) => {
    const { category_id: category, bbox, iscrowd } = fieldsOf(value);
    const where = `annotation ${i}`;
    if (typeof category !== "number" && typeof category !== "string") fail(file, 1, `${where} has no category_id`);
    const isBox = Array.isArray(bbox) && bbox.length === 4 && bbox.every((edge) => Number.isFinite(edge));
    if (!isBox) fail(file, 1, `${where}: bbox must have four numbers: x, y, width, height`);
    const [x, y, width, height] = bbox as [number, number, number, number];
    const edges = [x, y, Math.fround(x) + Math.fround(width), Math.fround(y) + Math.fround(height)] as const;
    return { label: labelOf(String(category), 1, context), edges, difficult: Number(iscrowd ?? 0) !== 0, size };
  });
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** Reads JSON; an error has the line of the mistake. */
function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail(file, lineOfMistake(text), `no JSON: ${(error as Error).message}`);
  }
}

/** Engines do not always tell the place: it is in the first line with which the text is more than unfinished. */
function lineOfMistake(text: string): number {
  const lines = text.split("\n");
  const isUnfinished = (count: number) => {
    const start = lines.slice(0, count).join("\n");
    try {
      JSON.parse(start);
      return true;
    } catch (error) {
      const reason = (error as Error).message;
      const position = Number(/position (\d+)/.exec(reason)?.[1] ?? -1);
      return /end of (?:JSON|data|the)|[Uu]nterminated|EOF/.test(reason) || position >= start.length;
    }
  };
  let [fine, wrong] = [0, lines.length];
  while (wrong - fine > 1) {
    const middle = (fine + wrong) >> 1;
    if (isUnfinished(middle)) fine = middle;
    else wrong = middle;
  }
  return wrong;
}

/** Lines of a label and the corners of a box: label xmin ymin xmax ymax. */
function parseLines(text: string, context: AnnotationContext): readonly Found[] {
  return text.split("\n").flatMap((line, i) => {
    const words = line.split(/\s+/).filter((word) => word !== "");
    if (words.length === 0) return [];
    const [label = Number.NaN, xmin = 0, ymin = 0, xmax = 0, ymax = 0, ...rest] = words.map(numberOf);
    const isRow = words.length === 5 && Number.isInteger(label) && [xmin, ymin, xmax, ymax].every(Number.isFinite);
    if (!isRow || rest.length > 0) {
      const came = JSON.stringify(line.trim().slice(0, 200));
      fail(context.file, i + 1, `expected label xmin ymin xmax ymax, five numbers; came ${came}`);
    }
    return [{ label, edges: [xmin, ymin, xmax, ymax], difficult: false, size: context }];
  });
}
