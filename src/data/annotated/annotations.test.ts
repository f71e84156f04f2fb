// Numbers: by hand, from the rules of SSD's io.cpp.
import { describe, expect, test } from "vitest";
import { MokaError } from "../../util/errors.js";
import { type LabelType, parseAnnotation, parseLabelMap } from "./annotations.js";
import { parseXml } from "./xml.js";

const labels = new Map([
  ["dog", 12],
  ["cat", 8],
  ["3", 3],
]);

function read(text: string, type: LabelType, warnings: string[] = []) {
  return parseAnnotation(text, type, {
    file: "a.f",
    width: 100,
    height: 50,
    labels,
    warn: (line) => warnings.push(line),
  });
}

/** The boxes, each as: label, instance, four corners, difficult. */
const rows = (text: string, type: LabelType, warnings?: string[]) =>
  read(text, type, warnings).map((box) => {
    return [box.label, box.instance, box.xmin, box.ymin, box.xmax, box.ymax, box.difficult].map((value) =>
      typeof value === "number" ? Number(value.toFixed(6)) : value,
    );
  });

function errorOf(work: () => unknown): { line: number | undefined; reason: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof MokaError) return { line: error.place?.line, reason: error.reason };
  }
  throw new Error("no MokaError");
}

const voc = (objects: string, size = "<size><width>100</width><height>50</height><depth>3</depth></size>") =>
  `<?xml version="1.0"?>\n<annotation verified="yes">\n <folder>VOC</folder>${size}\n${objects}\n</annotation>\n`;
const object = (name: string, edges: readonly (number | string)[], more = "") =>
  `<object>\n<name>${name}</name><pose>Left</pose>${more}\n<bndbox><xmin>${edges[0]}</xmin><ymin>${edges[1]}</ymin>` +
  `<xmax>${edges[2]}</xmax><ymax>${edges[3]}</ymax></bndbox></object>`;

describe("xml", () => {
  test("gives boxes in units of the image, class by class, with numbers of instances", () => {
    const objects = [
      object("dog", [10, 5, 60, 30], "<difficult>1</difficult>"),
      object("cat", [0, 0, 100, 50], "<difficult>0</difficult>"),
      object("dog", [1, 2, 3, 4]),
    ];
    const warnings: string[] = [];
    expect(rows(voc(objects.join("\n")), "xml", warnings)).toEqual([
      [12, 0, 0.1, 0.1, 0.6, 0.6, true],
      [12, 1, 0.01, 0.04, 0.03, 0.08, false],
      [8, 0, 0, 0, 1, 1, false],
    ]);
    expect(warnings).toEqual([]);
  });

  test("takes the size of the annotation, and says where it is not the image's, or missing", () => {
    const warnings: string[] = [];
    const size = "<size><width>200</width><height>50</height></size>";
    expect(rows(voc(object("cat", [10, 5, 60, 30]), size), "xml", warnings)[0]?.[2]).toBe(0.05);
    expect(warnings).toEqual(["a.f inconsistent image width."]);
    expect(rows(voc(object("cat", [10, 5, 60, 30]), ""), "xml", warnings)[0]?.[2]).toBe(0.1);
    expect(warnings[1]).toMatch(/gives no size of the image/);
  });

  test("keeps boxes that exceed the image or have no area, and says so; parts of objects are no objects", () => {
    const warnings: string[] = [];
    const part = "<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>";
    expect(rows(voc(object("cat", [-10, 5, 160, 30], part)), "xml", warnings)).toEqual([
      [8, 0, -0.1, 0.1, 1.6, 0.6, false],
    ]);
    expect(rows(voc(object("cat", [20, 5, 10, 30])), "xml", warnings)[0]?.[2]).toBe(0.2);
    expect(warnings).toEqual(["a.f bounding box exceeds image boundary.", "a.f bounding box irregular."]);
    expect(rows(voc(object("cat", ["45.7", 5, "60.25", 30])), "xml")[0]?.slice(2, 5)).toEqual([0.457, 0.1, 0.6025]);
    expect(rows(voc(""), "xml")).toEqual([]);
  });

  test.each([
    [voc(object("cow", [1, 2, 3, 4])), 5, 'the class "cow" is not in the label map'],
    [voc(object("cat", [1, 2, "x", 4])), 6, '<xmax> is "x", no number'],
    [voc(object("cat", [1, 2, "", 4])), 6, '<xmax> is "", no number'],
    [voc("<object>\n<name>cat</name></object>"), 4, "<object> has no <bndbox>"],
    [voc("<object><bndbox/></object>"), 4, "<object> has no <name>"],
    [voc("<object><name>cat</name>\n<bndbox></bndbox></object>"), 5, "<bndbox> has no <xmin>"],
    ["<html></html>", 1, "<html> where <annotation> should stand"],
    [voc("<object><name>cat</object>"), 4, "</object> where <name> is open"],
    ["<annotation>\n<object>\n", 3, "the document ends in <object>, which line 2 begins"],
    ["", 1, "the document has no element"],
    ["hello", 1, "text outside the root element"],
    ["<annotation/>\n<annotation/>", 2, "<annotation> behind the root element"],
    ["<annotation>\n<a b='</annotation>", 2, "a tag that is not closed, or is none"],
    ["<annotation>\n&nope;</annotation>", 1, "&nope; is no entity of XML"],
    ["</annotation>", 1, "</annotation> where nothing is open"],
    ["<a>".repeat(200), 1, "more than 100 elements in one another"],
  ])("%j is an error in line %i: %s", (text, line, reason) => {
    expect(errorOf(() => read(text, "xml"))).toEqual({ line, reason });
  });

  test("elements, entities, comments, CDATA", () => {
    const text = "\ufeff<!DOCTYPE a>\n<a x='>'><!-- <b> -->\n<b> 1 &lt; 2 &#65;&#x42;<![CDATA[ <c> ]]></b><d/></a>";
    const { children } = parseXml(text, "f");
    expect(children.map(({ name, text, line }) => [name, text, line])).toEqual([
      ["b", "1 < 2 AB <c>", 3],
      ["d", "", 3],
    ]);
  });
});

describe("json", () => {
  const coco = (annotation: unknown, image: unknown = { width: 100, height: 50 }) =>
    JSON.stringify({ image, annotation });

  test("gives boxes of corner and size; a crowd is difficult", () => {
    const text = coco([
      { category_id: 3, bbox: [10, 5, 50, 25], iscrowd: 1 },
      { category_id: "dog", bbox: [0, 0, 100, 50.5] },
      { category_id: 3, bbox: [1.5, 2, 3, 4], iscrowd: 0 },
    ]);
    const warnings: string[] = [];
    expect(rows(text, "json", warnings)).toEqual([
      [3, 0, 0.1, 0.1, 0.6, 0.6, true],
      [3, 1, 0.015, 0.04, 0.045, 0.12, false],
      [12, 0, 0, 0, 1, 1.01, false],
    ]);
    expect(warnings).toEqual(["a.f bounding box exceeds image boundary."]);
    expect(rows(coco([], null), "json", warnings)).toEqual([]);
    expect(warnings[1]).toMatch(/no size/);
  });

  test.each([
    [coco([{ category_id: 4, bbox: [1, 2, 3, 4] }]), 'the class "4" is not in the label map'],
    [coco([{ category_id: 3, bbox: [1, 2, 3] }]), "annotation 0: bbox must have four numbers: x, y, width, height"],
    [
      coco([{ category_id: 3, bbox: [1, 2, 3, null] }]),
      "annotation 0: bbox must have four numbers: x, y, width, height",
    ],
    [coco([{ bbox: [1, 2, 3, 4] }]), "annotation 0 has no category_id"],
    [coco({}), "annotation must be a list of objects"],
    ["[]", "annotation must be a list of objects"],
  ])("%j is an error: %s", (text, reason) => {
    expect(errorOf(() => read(text, "json"))).toEqual({ line: 1, reason });
  });

  test("what is no JSON is an error in its line", () => {
    expect(errorOf(() => read('{\n"annotation": [,]\n}', "json"))).toMatchObject({ line: 2 });
    expect(errorOf(() => read('{\n"annotation": [', "json"))).toMatchObject({ line: 2 });
  });
});

describe("txt", () => {
  test("gives a box for each line", () => {
    expect(rows("3 10 5 60 30\n\n1 0 0.5 1e1 50\n3 0 0 1 1\n", "txt")).toEqual([
      [3, 0, 0.1, 0.1, 0.6, 0.6, false],
      [3, 1, 0, 0, 0.01, 0.02, false],
      [1, 0, 0, 0.01, 0.1, 1, false],
    ]);
    expect(rows("", "txt")).toEqual([]);
  });

  test.each(["3 1 2 3", "3 1 2 3 4 5", "x 1 2 3 4", "1.5 1 2 3 4", "3 1 2 3 nan", "3 1 2 3 0x4"])(
    "%j is an error",
    (line) => {
      expect(errorOf(() => read(`1 1 2 3 4\n${line}`, "txt"))).toEqual({
        line: 2,
        reason: `expected label xmin ymin xmax ymax, five numbers; came ${JSON.stringify(line)}`,
      });
    },
  );
});

test("label maps", () => {
  const text =
    'item { name: "a" label: 1 display_name: "A" }\nitem { name: "b" label: 2 }\nitem { name: "a" label: 3 }';
  expect([...parseLabelMap(text, "m", false)]).toEqual([
    ["a", 3],
    ["b", 2],
  ]);
  expect(errorOf(() => parseLabelMap(text, "m", true)).reason).toBe('the name "a" comes twice');
  expect(errorOf(() => parseLabelMap("", "m", false)).reason).toBe("the label map has no item");
  expect(errorOf(() => parseLabelMap('item { name: "a"\n label: x }', "m", false)).line).toBe(2);
});
