// caffe.proto is the format itself: what is generated from it is current, and it is the whole schema.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { file_caffe } from "../../src/proto/gen/caffe_pb.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const schema = `${root}../shared/reference/caffe-schema.tsv`;

test("src/proto/gen is what buf generates", () => {
  const folder = mkdtempSync(join(tmpdir(), "moka-proto-"));
  try {
    execFileSync(process.execPath, ["node_modules/@bufbuild/buf/bin/buf", "generate", "-o", folder], { cwd: root });
    const fresh = readFileSync(join(folder, "src/proto/gen/caffe_pb.ts"), "utf8");
    expect(readFileSync(`${root}src/proto/gen/caffe_pb.ts`, "utf8")).toBe(fresh);
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
    expect(file_caffe.messages.flatMap(fieldsOf).sort()).toEqual(wanted.sort());
    const values = rows.slice(enumStart + 1).map(([name, value, number]) => `${name} ${value} ${number}`);
    const enums = [...file_caffe.enums, ...file_caffe.messages.flatMap(({ nestedEnums }) => nestedEnums)];
    const has = enums.flatMap(({ typeName, values: all }) =>
      all.map((v) => `${short(typeName)} ${v.name} ${v.number}`),
    );
    expect(has.sort()).toEqual(values.sort());
  },
);

function fieldsOf(message: DescMessage): string[] {
  return message.fields.map((field) => {
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
