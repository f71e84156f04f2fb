import { readFileSync } from "node:fs";
import { parseProto } from "./parse.mjs";

/** Fields and enum values of forks in messages and enums of BVLC's have numbers from here on. */
const forkBase = Number(
  readFileSync(new URL("../../src/proto/fork-fields.ts", import.meta.url), "utf8")
    .match(/forkBase = ([\d_]+)/)[1]
    .replaceAll("_", ""),
);

/**
 * One proto with everything that caffe.proto and the forks have, and the number of each field and value in it: by message or
 * enum, then by name.
 */
export function mergedProto(caffe, forks) {
  const own = parseProto(caffe);
  const messages = new Map();
  const enums = new Map();
  for (const fork of forks) {
    for (const [name, fields] of fork.messages) for (const field of fields) addField(own, messages, name, field);
    for (const [name, values] of fork.enums) for (const value of values) addValue(own, enums, name, value);
  }
  relax(own, messages, forks);
  uniteTypes(own, messages, enums);
  const numbers = new Map([...numbered(own.messages, messages), ...numbered(own.enums, enums)]);
  const bvlcMessages = [...own.messages.keys()].filter((name) => !name.includes(".")).length;
  return { text: print(caffe, own, messages, enums, numbers), numbers, bvlcMessages };
}

function addField(own, messages, message, field) {
  if (own.messages.get(message)?.some(({ name }) => name === field.name)) return;
  const fields = messages.get(message) ?? new Map();
  messages.set(message, fields);
  const before = fields.get(field.name);
  if (!before) return void fields.set(field.name, { ...field });
  // The same name with another label or type in another fork: the form that holds both.
  if (field.label === "repeated" && before.label !== "repeated")
    Object.assign(before, { label: "repeated", options: "" });
  if (field.type !== before.type) {
    if (/^u?int32$/.test(field.type) && /^u?int32$/.test(before.type)) before.type = "int32";
    else before.others = [...(before.others ?? []), field.type];
  }
}

/** A field that not every fork with its message requires is optional: the other forks' files do not give it. */
function relax(own, messages, forks) {
  for (const [name, fields] of messages) {
    const forms = forks.filter((fork) => fork.messages.has(name)).map((fork) => fork.messages.get(name));
    for (const field of fields.values()) {
      const isRequired = (form) => form.some((each) => each.name === field.name && each.label === "required");
      if (field.label === "required" && (own.messages.has(name) || !forms.every(isRequired))) field.label = "optional";
    }
  }
}

function addValue(own, enums, name, value) {
  if (own.enums.get(name)?.some((each) => each.name === value.name)) return;
  const values = enums.get(name) ?? new Map();
  enums.set(name, values);
  if (!values.has(value.name)) values.set(value.name, { ...value });
}

/** A field that has another message in another fork gets the fields of both. */
function uniteTypes(own, messages, enums) {
  for (const { type, others = [] } of [...messages.values()].flatMap((fields) => [...fields.values()])) {
    for (const other of others) {
      const into = messages.get(type);
      if (!into || own.messages.has(type)) throw new Error(`${type} and ${other} cannot be united`);
      for (const field of [...(own.messages.get(other) ?? []), ...(messages.get(other)?.values() ?? [])]) {
        const nested = `${other}.${field.type}`;
        const isNested = enums.has(nested) || own.enums.has(nested);
        if (!into.has(field.name)) into.set(field.name, isNested ? { ...field, type: nested } : { ...field });
      }
    }
  }
}

function numbered(own, added) {
  return [...new Set([...own.keys(), ...added.keys()])].map((name) => {
    const known = own.get(name) ?? [];
    const numbers = new Map(known.map((each) => [each.name, each.number]));
    const taken = new Set(numbers.values());
    let next = forkBase;
    for (const { name: field, number } of added.get(name)?.values() ?? []) {
      const free = !own.has(name) && !taken.has(number);
      const chosen = free ? number : next++;
      taken.add(chosen);
      numbers.set(field, chosen);
    }
    return [name, numbers];
  });
}

function print(caffe, own, messages, enums, numbers) {
  const enumsIn = (message) => [...enums].filter(([name]) => name.startsWith(`${message}.`) && !own.enums.has(name));
  const valueLines = (name, values) =>
    [...values.values()].map((value) => `  ${value.name} = ${numbers.get(name).get(value.name)};\n`).join("");
  const enumText = ([name, values]) => `enum ${name.split(".").at(-1)} {\n${valueLines(name, values)}}\n`;
  const inside = (name) => {
    const fields = [...(messages.get(name)?.values() ?? [])].map(({ label, type, name: field, options }) => {
      return `  ${label} ${type} ${field} = ${numbers.get(name).get(field)}${options && ` [${options}]`};\n`;
    });
    const nested = [...messages.keys()].filter((each) => each.startsWith(`${name}.`));
    const inner = nested.map((each) => `message ${each.split(".").at(-1)} {\n${inside(each)}}\n`);
    return enumsIn(name).map(enumText).join("") + inner.join("") + fields.join("");
  };
  // Into the messages and enums of caffe.proto, before the brace that closes each.
  const path = [];
  const lines = caffe.split("\n").flatMap((line) => {
    const opened = line.match(/^\s*(?:message|enum) (\w+) \{/)?.[1];
    if (opened) path.push(opened);
    if (opened || line.trim() !== "}") return [line];
    const name = path.join(".");
    path.pop();
    const added = own.enums.has(name) ? enums.get(name) : undefined;
    return [added ? valueLines(name, added) : inside(name), line];
  });
  const others = new Set(
    [...messages.keys(), ...[...enums.keys()].filter((name) => name.includes("."))].map((name) => name.split(".")[0]),
  );
  const fresh = [...others].filter((name) => !own.messages.has(name));
  const single = [...enums].filter(([name]) => !name.includes(".") && !own.enums.has(name));
  return [
    ...lines,
    ...single.map(enumText),
    ...fresh.map((name) => `// Of forks of Caffe.\nmessage ${name} {\n${inside(name)}}\n`),
  ].join("\n");
}

/** dialects.ts: what each fork has, with its numbers where the merged schema has others. */
export function dialectTable(forks, { numbers, bvlcMessages }) {
  const rows = forks.map(({ id, about, source, types, imports, messages, enums }) => {
    const schema = [...messages, ...enums]
      .filter(([, entries]) => entries.length > 0)
      .map(([name, entries]) => {
        const words = entries.map((entry) => {
          return numbers.get(name).get(entry.name) === entry.number ? entry.name : `${entry.name}=${entry.number}`;
        });
        return [name, ...words].join(" ");
      });
    return `  [\n    ${[id, about, source, types.join(" "), imports.join(" "), schema.join("\\n")].map((each) => JSON.stringify(each).replaceAll("\\\\n", "\\n")).join(",\n    ")},\n  ],\n`;
  });
  return `// @generated by \`npm run proto\` from src/proto/dialects\n/* eslint-disable */\n
/** The number of messages of BVLC's Caffe, which come first in caffe_pb.ts. */
export const bvlcMessages = ${bvlcMessages};

/** Id, what it is, source, layer types, forks it includes; then a line for each message and enum: its fields, \`name=number\` where
 * the number is not that of caffe_pb.ts. */
export const dialectRows: readonly (readonly [string, string, string, string, string, string])[] = [
${rows.join("")}];
`;
}
