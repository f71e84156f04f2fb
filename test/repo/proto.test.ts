// caffe.proto is the format itself: what is generated from it is current, and it is the whole schema.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { generate, generateOnnx } from "../../scripts/proto.mjs";
import { dialectNamed } from "../../src/proto/dialects/index.js";
import { forkBase, isForkField } from "../../src/proto/fork-fields.js";
import { file_caffe } from "../../src/proto/gen/caffe_pb.js";
import { bvlcMessages } from "../../src/proto/gen/dialects.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const reference = `${root}../shared/reference/`;
const schema = `${reference}caffe-schema.tsv`;
const forkSchema = `${reference}forks-schema.tsv`;

test("src/proto/gen is what npm run proto generates", () => {
  const folder = mkdtempSync(join(tmpdir(), "moka-proto-"));
  try {
    generate(folder);
    for (const file of ["caffe_pb.ts", "dialects.ts"]) {
      expect(readFileSync(`${root}src/proto/gen/${file}`, "utf8")).toBe(readFileSync(join(folder, file), "utf8"));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("src/onnx/gen is what npm run proto generates", () => {
  const folder = mkdtempSync(join(tmpdir(), "moka-proto-"));
  try {
    generateOnnx(folder);
    expect(readFileSync(`${root}src/onnx/gen/onnx_pb.ts`, "utf8")).toBe(
      readFileSync(join(folder, "onnx_pb.ts"), "utf8"),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.skipIf(!existsSync(schema))(
  "caffe.proto has every message, field and enum of the reference (needs ../shared)",
  () => {
    const rows = readFileSync(schema, "utf8")
      .split("\n")
      .filter((line) => line && !line.startsWith("#"))
      .map((line) => line.split("\t"));
    const enumStart = rows.findIndex(([first]) => first === "enum");
    const wanted = rows.slice(1, enumStart).map(([message, number, label, type, name, value]) => {
      return `${message} ${number} ${label} ${type} ${name} ${defaultText(type, value ?? "")}`.trim();
    });
    const own = file_caffe.messages.slice(0, bvlcMessages);
    expect(own.flatMap(fieldsOf).sort()).toEqual(wanted.sort());
    const values = rows.slice(enumStart + 1).map(([name, value, number]) => `${name} ${value} ${number}`);
    const names = new Set(rows.slice(enumStart + 1).map(([name]) => name));
    const enums = [...file_caffe.enums, ...own.flatMap(({ nestedEnums }) => nestedEnums)];
    const ofBvlc = enums.filter(({ typeName }) => names.has(short(typeName)));
    const has = ofBvlc.flatMap(({ typeName, values: all }) =>
      all.filter(({ number }) => number < forkBase).map((v) => `${short(typeName)} ${v.name} ${v.number}`),
    );
    expect(has.sort()).toEqual(values.sort());
  },
);

test.skipIf(!existsSync(forkSchema))(
  "the forks' protos have every field and value of the reference (needs ../shared)",
  () => {
    const ids: Readonly<Record<string, string>> = {
      FRCN: "faster-rcnn",
      FastRCNN: "fast-rcnn",
      RFCN: "r-fcn",
      LSoftmax: "l-softmax",
      VitisAI: "vitis-ai",
      "Caffe-YOLOv3-Win": "yolov3-windows",
    };
    const types = new Map(
      [...file_caffe.messages, ...file_caffe.enums].flatMap(withNested).map((each) => [short(each.typeName), each]),
    );
    const rows = readFileSync(forkSchema, "utf8")
      .split("\n")
      .filter((line) => line && !line.startsWith("#"))
      .slice(1)
      .map((line) => line.split("\t"));
    const wrong = rows.filter(([fork = "", typeName = "", number, kind, , name = ""]) => {
      const dialect = dialectNamed(ids[fork] ?? fork.toLowerCase().replaceAll("_", "-"));
      const type = types.get(typeName);
      if (!dialect || !type) return true;
      if (type.kind === "enum") {
        const value = type.values.find((each) => each.name === name);
        return value === undefined || dialect.valueTo(type, value.number) !== Number(number) || kind !== "enum value";
      }
      const field = type.fields.find((each) => each.name === name);
      return field === undefined || dialect.numberOf(field) !== Number(number);
    });
    expect(rows.length).toBeGreaterThan(4000);
    expect(wrong.map((row) => row.slice(0, 6).join(" "))).toEqual([]);
  },
);

function withNested(type: DescMessage | DescEnum): readonly (DescMessage | DescEnum)[] {
  return type.kind === "enum" ? [type] : [type, ...type.nestedEnums, ...type.nestedMessages.flatMap(withNested)];
}

function fieldsOf(message: DescMessage): string[] {
  return message.fields
    .filter((field) => !isForkField(field))
    .map((field) => {
      const label = field.fieldKind === "list" ? "repeated" : field.proto.label === 2 ? "required" : "optional";
      const given = field.proto.defaultValue;
      const value = defaultText(typeOf(field), field.proto.type === 9 && given ? `"${given}"` : given);
      return `${message.name} ${field.number} ${label} ${typeOf(field)} ${field.name} ${value}`.trim();
    });
}

const scalars = [
  "",
  "double",
  "float",
  "int64",
  "uint64",
  "int32",
  "fixed64",
  "fixed32",
  "bool",
  "string",
  "",
  "",
  "bytes",
  "uint32",
];

function typeOf({ proto }: DescField): string {
  return proto.typeName ? short(proto.typeName.replace(/^\./, "")) : scalars[proto.type];
}

function short(typeName: string): string {
  return typeName.replace(/^caffe\./, "");
}

/** An empty string is the default anyway; floats are compared in single precision, however many digits they have. */
function defaultText(type: string, text: string): string {
  if (text === '""') return "";
  return type === "float" && text !== "" ? String(Math.fround(Number(text))) : text;
}
