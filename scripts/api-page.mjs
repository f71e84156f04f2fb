// Writes docs/api.md from the doc comments of what src/index.ts exports, read by typedoc. `--stdout` prints the page instead.
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, OptionDefaults, ReflectionKind } from "typedoc";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The functions, classes and values of the package, in the order of a user's day. Types follow those that use them. */
const sections = [
  ["Nets", "Load a net, run it, look into it, change its weights, save it.", ["Net", "Blob"]],
  ["Training", "What `moka train` does, step by step where wanted.", ["Solver"]],
  ["Several processes", "What `--mpi` does; see [ranks.md](ranks.md).", ["connectMpi"]],
  [
    "Files and arrays",
    "Wherever a path is taken, so are an address, bytes, a `Blob` and the message itself.",
    ["createFiles", "loadArray", "loadArrays", "loadMean"],
  ],
  [
    "Arrays",
    "What stands for NumPy's methods. `Values` are an array with its shape, or plain numbers.",
    ["argmax", "topIndices", "max", "min", "mean", "slice", "reshape", "transposed", "toNested"],
  ],
  [
    "Prototxt",
    "Texts to messages and back, and changes that keep a text's comments and layout.",
    ["parseNet", "parseSolver", "formatNet", "formatSolver", "readFields", "changeFields", "applyEdits", "upgradeText"],
  ],
  [
    "What an editor asks",
    "Moka Studio and `moka lsp` are made of these; offsets count UTF-16 units.",
    [
      ...["completionsAt", "hoverAt", "definitionsAt", "occurrencesAt", "renameRangeAt", "renameAt"],
      ...["formatPrototxt", "outlineOf", "foldsOf", "tokensOf"],
    ],
  ],
  [
    "Nets in TypeScript",
    "pycaffe's NetSpec.",
    ["NetSpec", "L", "P", "Top", "toProto", "layerTypes", "coordMapFromTo", "crop"],
  ],
  [
    "Pictures",
    "`caffe.io` and `caffe.Classifier`.",
    ["Classifier", "Detector", "Transformer", "loadImage", "resizeImage", "oversample", "createImages"],
  ],
  [
    "ONNX",
    "More in [export.md](export.md), [import.md](import.md) and [onnxruntime.md](onnxruntime.md).",
    ["exportOnnx", "verifyOnnx", "CertificateError", "deploy", "importOnnx"],
  ],
  [
    "Looking at nets",
    "Costs, shapes and times, and a drawing.",
    ["summarize", "timeLayers", "drawNet", "drawNetToFile"],
  ],
  [
    "Looking at weights",
    "What is in a caffemodel, and how two differ.",
    ["describeWeights", "weightValues", "compareWeights"],
  ],
  [
    "Mistakes and their repair",
    "All rules are in [lint.md](lint.md).",
    ["lint", "fix", "lintTraining", "translateFinding", "ruleSummaries"],
  ],
  [
    "Batch normalization",
    "More in [batch-norm.md](batch-norm.md) and [fold.md](fold.md).",
    ["stats", "doctor", "calibrate", "fold", "watchBatchNorm"],
  ],
  [
    "Data sets",
    "Caffe's tools that make databases and read them.",
    [
      ...["convertImageset", "convertMnistData", "convertCifarData", "convertMnistSiameseData", "writeDigits"],
      ...["computeImageMean", "extractFeatures"],
    ],
  ],
  [
    "Datums and blobs",
    "The records of databases, and arrays as Caffe's files hold them.",
    [
      ...["arrayToDatum", "datumToArray", "readDatum", "writeDatum", "arrayToBlobProto", "blobProtoToArray"],
      ...["readBlobProto", "writeBlobProto", "arrayListToBlobProtoVector", "blobProtoVectorToArrayList"],
    ],
  ],
  ["Logs", "What training printed.", ["parseLog", "linesOf", "formatLogTable", "plotLog"]],
  [
    "Layers of your own",
    "The contracts of Caffe's layer types are in [layers.md](layers.md).",
    ["Layer", "RecurrentLayer", "MemoryDataLayer", "RoIDataLayer", "filler"],
  ],
  ["Errors and version", "Every error that Moka throws on purpose has a code.", ["MokaError", "version"]],
];

const [index, ...classModules] = await read(["src/index.ts", "src/core/net.ts", "src/solvers/solver.ts"]);
/** The classes behind `Net` and `Solver`, which the package exports as types and `load`. */
const classes = new Map(
  classModules.flatMap(({ children }) => children.filter(({ kind }) => kind === ReflectionKind.Class)).map(named),
);
const isType = ({ kind }) => (kind & (ReflectionKind.Interface | ReflectionKind.TypeAlias)) !== 0;
/** The names by which types are exported, by those that they have in their own file, where these differ. */
const renamed = new Map();
const exported = index.children.map(resolved).filter((each) => !fileOf(each).startsWith("src/proto/gen/"));
const shown = new Set(sections.flatMap(([, , names]) => names));
const types = new Map(exported.filter((each) => isType(each) && !shown.has(each.name)).map(named));
const values = new Map([...exported.filter(isType), ...exported.filter((each) => !isType(each))].map(named));
check();
/** The types that have no entry of their own: what is left when each section has taken its types. */
const behind = new Map(types);
const parts = sections.map(([title, about, names]) => {
  const entries = names.map((name) => values.get(name));
  return { title, about, entries, types: takeTypes(entries, behind) };
});

const page = apiPage();
if (process.argv.includes("--stdout")) process.stdout.write(page);
else writeFileSync(`${root}docs/api.md`, page);

/** The modules of these files, as typedoc reads them. */
async function read(paths) {
  const { config } = ts.readConfigFile(`${root}tsconfig.options.json`, ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const names = paths.map((path) => `${root}${path}`);
  const program = ts.createProgram(names, { ...options, composite: false, noEmit: true });
  const typedoc = await Application.bootstrap({
    blockTags: [...OptionDefaults.blockTags, "@generated"],
    excludePrivate: true,
    excludeProtected: true,
    logLevel: "Warn",
    readme: "none",
    skipErrorChecking: true,
    sort: ["source-order"],
    tsconfig: `${root}tsconfig.options.json`,
    validation: { invalidLink: true, notExported: false },
  });
  const entries = names.map((name, i) => ({ displayName: paths[i], program, sourceFile: program.getSourceFile(name) }));
  const project = typedoc.converter.convert(entries);
  typedoc.validate(project);
  if (typedoc.logger.hasErrors() || typedoc.logger.hasWarnings()) throw new Error("typedoc warns: see above");
  const { children } = project;
  return paths.map((path) => children.find(({ name }) => name === path));
}

/** Every function, class and value has its place above, and nothing else has. */
function check() {
  const names = exported
    .filter((each) => !isType(each) && each.kind !== ReflectionKind.Namespace)
    .map((each) => each.name);
  const homeless = [...new Set(names)].filter((name) => !shown.has(name));
  if (homeless.length > 0) throw new Error(`scripts/api-page.mjs: no section for ${homeless.join(", ")}`);
  const gone = [...shown].filter((name) => !values.has(name));
  if (gone.length > 0) throw new Error(`scripts/api-page.mjs: src/index.ts does not export ${gone.join(", ")}`);
}

function apiPage() {
  const contents = parts.map(
    ({ title, entries }) => `| [${title}](#${slug(title)}) | ${entries.map(({ name }) => linkTo(name)).join(", ")} |`,
  );
  return `${[
    "# The functions and classes of Moka",
    'What `import { … } from "moka-caffe"` gives. This page is made of the doc comments in `src/` by `npm run docs`; to change\n' +
      "it, change them.",
    "A test runs every example. What an example does not make is what its name says: `net`, `solver`, `classifier`, `detector` and\n" +
      "`transformer` are loaded or made as shown there, `text` is a prototxt, `bytes` a caffemodel, `pixels` the values of an input.\n" +
      "`console.log(x); // y` prints y.",
    "Options are fields of a last argument, nearly all optional. Promises are rejected with a [`MokaError`](#mokaerror), whose `code` is\n" +
      "named here. Messages, as `NetParameter`, are those of [caffe.proto](../src/proto/caffe.proto), with fields in camelCase.",
    [
      "| | |",
      "|---|---|",
      ...contents,
      `| [Types behind](#types-behind) | what layers and engines of your own see |`,
    ].join("\n"),
    ...parts.flatMap(({ title, about, entries, types: own }) => [
      `## ${title}`,
      about,
      ...entries.flatMap(entryOf),
      ...own.flatMap(typeEntry),
    ]),
    "## Types behind",
    "What code sees that writes layers, engines or tools for plans.",
    [
      "| type | |",
      "|---|---|",
      ...[...behind.values()]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((each) => `| [\`${each.name}\`](../${fileOf(each)}) | ${cell(summaryOf(each).split("\n\n")[0])} |`),
    ].join("\n"),
  ].join("\n\n")}\n`;
}

/**
 * Takes out of `left` the types that these entries mention, and those that these types mention. What types of the core mention
 * stays there, and so does the recorder, which has a method for each kernel.
 */
function takeTypes(entries, left) {
  const taken = [];
  const visit = (text) => {
    for (const [name] of text.matchAll(/\b[A-Z]\w+/g)) {
      const type = left.get(name);
      if (!type || type.children?.length > 40) continue;
      left.delete(name);
      taken.push(type);
      if (!fileOf(type).startsWith("src/core/")) visit(textOf(type));
    }
  };
  for (const entry of entries) visit(textOf(entry));
  return taken;
}

/** All types that a declaration mentions, as text. */
function textOf(declaration) {
  const own = [
    declaration,
    ...(classes.get(declaration.name)?.children ?? []),
    ...(literalOf(declaration)?.children ?? []),
  ];
  return [...own, ...(declaration.children ?? [])]
    .flatMap((each) => [
      ...(each.extendedTypes ?? []).map(String),
      ...(each.type ? [typeText(each.type)] : []),
      ...signaturesOf(each).map((signature) => signatureText(signature, "")),
      ...(each.getSignature ? [typeText(each.getSignature.type)] : []),
    ])
    .join("\n");
}

// ---- entries

function entryOf(entry) {
  const isFunction = signaturesOf(entry).length > 0 && entry.kind !== ReflectionKind.Class;
  if (isFunction) return functionEntry(entry, `### ${entry.name}`, entry.name);
  const hidden = classes.get(entry.name);
  const own = hidden ?? entry;
  const instance = entry.name[0].toLowerCase() + entry.name.slice(1);
  const members = (own.children ?? []).filter(
    ({ name, inheritedFrom, overwrites }) => (hidden || (!inheritedFrom && !overwrites)) && !name.startsWith("["),
  );
  const of = (...kinds) => members.filter(({ kind }) => kinds.includes(kind));
  const [made] = hidden || own.flags.isAbstract ? [] : of(ReflectionKind.Constructor).flatMap(signaturesOf);
  const methods = of(ReflectionKind.Method);
  const statics = hidden ? (entry.type?.declaration?.children ?? []) : methods.filter(({ flags }) => flags.isStatic);
  // What an abstract class has for its subclasses is a table, without examples.
  const isHook = (each) => own.flags.isAbstract && !commentIn(each)?.getTag("@example");
  const fields = of(ReflectionKind.Property, ReflectionKind.Accessor).filter(({ flags }) => !flags.isStatic);
  const onInstance = methods.filter(({ flags }) => !flags.isStatic);
  return [
    `### ${entry.name}`,
    ...(made ? [code(signatureText(made, `new ${entry.name}`))] : []),
    ...(entry.kind === ReflectionKind.Variable && !hidden
      ? [code(`const ${entry.name}: ${typeText(entry.type)}`)]
      : []),
    ...commentOf(commentIn(own)),
    ...commentOf(made?.comment, made?.parameters),
    ...table("field", fields),
    ...table("method", onInstance.filter(isHook)),
    ...statics.flatMap((each) => functionEntry(each, `#### ${entry.name}.${each.name}`, `${entry.name}.${each.name}`)),
    ...onInstance
      .filter((each) => !isHook(each))
      .flatMap((each) => functionEntry(each, `#### ${instance}.${each.name}`, `${instance}.${each.name}`)),
  ];
}

function functionEntry(declaration, heading, name) {
  const [first] = signaturesOf(declaration);
  return [
    heading,
    code(
      signaturesOf(declaration)
        .map((each) => signatureText(each, name))
        .join("\n"),
    ),
    ...commentOf(commentIn(declaration), first?.parameters),
  ];
}

function typeEntry(type) {
  const members = type.children ?? literalOf(type)?.children ?? [];
  const baseOf = ({ inheritedFrom }) => inheritedFrom?.name.split(".")[0];
  const own = members.filter((each) => !types.has(baseOf(each)));
  const bases = [...new Set(members.map(baseOf))].filter((name) => types.has(name));
  const also = bases.map((base) => {
    const names = members.filter((each) => baseOf(each) === base).map(({ name }) => `\`${name}\``);
    return `Also, of ${linkTo(base)}: ${names.join(", ")}.`;
  });
  // typedoc copies the words of the first base where there are none.
  const isCopied = bases.some((base) => summaryOf(types.get(base)) === summaryOf(type));
  return [
    `#### ${type.name}`,
    ...(members.length === 0 || type.type?.type === "union" ? [code(typeHead(type))] : []),
    ...(isCopied ? [] : commentOf(type.comment)),
    ...table("field", own),
    ...valueTable(type.type),
    ...also,
  ];
}

function table(head, members) {
  if (members.length === 0) return [];
  const rows = members.map((each) => `| \`${each.name}\` | ${typeCell(memberType(each))} | ${cell(summaryOf(each))} |`);
  return [[`| ${head} | type | |`, "|---|---|---|", ...rows].join("\n")];
}

function typeHead(type) {
  const calls = type.type ? [] : signaturesOf(type);
  if (calls.length > 0) return calls.map((each) => signatureText(each, type.name)).join("\n");
  const over = type.typeParameters?.map(({ name }) => name).join(", ");
  return `type ${type.name}${over ? `<${over}>` : ""} = ${typeText(type.type)}`;
}

/** The values of a type, where they have comments. */
function valueTable(type) {
  const about = (type?.elementSummaries ?? []).map(markdown);
  if (about.every((text) => text === "")) return [];
  return [
    ["| value | |", "|---|---|", ...about.map((text, i) => `| \`${type.types[i]}\` | ${cell(text)} |`)].join("\n"),
  ];
}

/** The type of a field or method. That a field may be `undefined` is not said where it may be left out. */
function memberType(member) {
  const { flags, getSignature } = member;
  const [signature] = member.kind === ReflectionKind.Method ? signaturesOf(member) : [];
  if (signature) return signatureText(signature, "");
  const text = typeText(getSignature?.type ?? member.type);
  return flags.isOptional ? text.replace(/^undefined \| | \| undefined(?= \||$)/, "") : text;
}

/** The parts of a doc comment: what it says, parameters, results and errors, examples. */
function commentOf(comment, parameters = []) {
  if (!comment) return [];
  const tags = (name) => comment.blockTags.filter(({ tag }) => tag === name).map(({ content }) => markdown(content));
  const described = parameters.filter(({ comment: words }) => words);
  const list = [
    ...described.map(({ name, comment: words }) => `- \`${name}\`: ${line(markdown(words.summary))}`),
    ...tags("@returns").map((text) => `- Returns ${line(text)}`),
    ...tags("@throws").map((text) => `- Throws ${line(text)}`),
  ];
  return [
    markdown(comment.summary),
    list.join("\n"),
    ...tags("@example").map((text) => text.replace(/^```ts\n?/, "```ts\n")),
  ].filter((part) => part !== "");
}

// ---- pieces

/** What an export is, under the name that it is exported by. */
function resolved(each) {
  if (!each.isReference()) return each;
  const target = each.getTargetReflection();
  if (target.name !== each.name) renamed.set(target.name, each.name);
  return Object.create(target, { name: { value: each.name } });
}

function named(declaration) {
  return [declaration.name, declaration];
}

function signaturesOf({ signatures, type }) {
  return signatures ?? type?.declaration?.signatures ?? [];
}

/** The members of an alias: those of the object types in it. */
function literalOf({ type }) {
  const parts = type?.type === "intersection" ? type.types : [type];
  return parts.find((part) => part?.type === "reflection" && part.declaration.children)?.declaration;
}

function signatureText({ parameters = [], type, typeParameters = [] }, name) {
  const list = parameters.map(({ name: given, flags, defaultValue, type: takes }) => {
    const mark = flags.isOptional || defaultValue !== undefined ? "?" : "";
    return `${flags.isRest ? "..." : ""}${given === "__namedParameters" ? "options" : given}${mark}: ${typeText(takes)}`;
  });
  const over = typeParameters.length > 0 ? `<${typeParameters.map((each) => each.name).join(", ")}>` : "";
  return `${name}${over}(${list.join(", ")})${name === "" ? " =>" : ":"} ${typeText(type)}`;
}

/** A type as a reader writes it. */
function typeText(type) {
  const [signature] = type?.type === "reflection" ? (type.declaration.signatures ?? []) : [];
  if (signature) return signatureText(signature, "");
  if (type?.type === "union") return shortened(type.types.map((each) => typeText(each)).join(" | "));
  return shortened(String(type ?? "object"))
    .replaceAll(/<ArrayBufferLike>|, any, any(?=>)/g, "")
    .replace(/\b\w+\b/g, (name) => renamed.get(name) ?? name);
}

/** Of more than a dozen names only the first ones, as of all kernels. */
function shortened(text) {
  return text.replace(/((?:"[^"]+" \| ){3})(?:"[^"]+" \| ){9,}"[^"]+"/g, "$1…");
}

function commentIn(declaration) {
  return declaration.comment ?? declaration.getSignature?.comment ?? signaturesOf(declaration)[0]?.comment;
}

function summaryOf(declaration) {
  const comment = commentIn(declaration);
  return comment ? markdown(comment.summary) : "";
}

/** The file of a declaration, from the root of the repository. */
function fileOf({ sources }) {
  return relative(root, sources?.[0]?.fullFileName ?? root).replaceAll("\\", "/");
}

function markdown(parts) {
  return parts
    .map(({ kind, text }) => (kind === "text" ? text : kind === "code" ? text : `\`${text}\``))
    .join("")
    .trim();
}

function line(text) {
  return text.replace(/\s*\n\s*/g, " ");
}

function cell(text) {
  return line(text).replaceAll("|", "\\|");
}

function typeCell(type) {
  const [, name] = /^(?:readonly )?(\w+)(?:\[\])?$/.exec(type) ?? [];
  return linkTo(name, `\`${cell(type)}\``);
}

function linkTo(name, text = `\`${name}\``) {
  if (!types.has(name) && !values.has(name)) return text;
  return `[${text}](#${behind.has(name) ? "types-behind" : slug(name)})`;
}

function slug(title) {
  return title
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-");
}

function code(text) {
  return `\`\`\`\n${text}\n\`\`\``;
}
