// What a layer, a command and a lint rule must have, and what is said where it is missing.
import { differences, layerFiles, type Tree, testOf } from "./tree.js";

const name = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** @param registered the types of layers/index.ts */
export function layerComplaints(tree: Tree, registered: readonly string[]): string[] {
  const files = layerFiles(tree);
  return [
    ...differences(files.keys(), registered, {
      onlyInA: (type) => `layer ${type} has no row in src/layers/index.ts`,
      onlyInB: (type) => `layer ${type} of src/layers/index.ts is declared by no file of src/layers`,
    }),
    ...missingTests(tree, files.values()),
    ...registered
      .filter((type, i) => registered.indexOf(type) < i)
      .map((type) => `layer ${type} has two rows in src/layers/index.ts`),
  ];
}

/** Layers whose gradient no test compares with differences, though no line `// No gradient: …` in the test says why. */
export function gradientComplaints(tree: Tree): string[] {
  return [...layerFiles(tree)].flatMap(([type, path]) => {
    const test = testOf(path);
    const text = tree.has(test) ? tree.read(test) : "";
    const isChecked = text.includes("checkGradients(");
    const hasNone = /^\/\/ No gradient: ./m.test(text);
    if (isChecked && hasNone) return `${test} checks a gradient, though it says that ${type} has none`;
    return isChecked || hasNone ? [] : `${test} does not call checkGradients, so ${type}'s gradient is unchecked`;
  });
}

/** Layers that are not held to the contract of all layers. */
export function contractComplaints(tree: Tree): string[] {
  return [...layerFiles(tree)].flatMap(([type, path]) => {
    const test = testOf(path);
    const isHeld = tree.has(test) && new RegExp(`^testContract\\("${type}"`, "m").test(tree.read(test));
    return isHeld ? [] : `${test} does not call testContract("${type}", …)`;
  });
}

/** @param registered the names of commands/index.ts */
export function commandComplaints(tree: Tree, registered: readonly string[]): string[] {
  const fileOf = (command: string) => `src/cli/commands/${command.replaceAll("_", "-")}.ts`;
  const files = sourcesIn(tree, "src/cli/commands");
  return [
    ...differences(files, registered.map(fileOf), {
      onlyInA: (path) => `${path} has no row in src/cli/commands/index.ts`,
      onlyInB: (path) => `src/cli/commands/index.ts has a row for ${path}, which is not there`,
    }),
    ...missingTests(tree, files),
  ];
}

/**
 * @param classes the layer classes by the names of their types, one for each variant
 * @param mapped the classes that ONNX mappings write
 */
export function mappingComplaints(
  tree: Tree,
  classes: readonly (readonly [type: string, layerClass: unknown])[],
  mapped: ReadonlySet<unknown>,
): string[] {
  const folder = "src/onnx/export";
  const rows = tree.read(`${folder}/index.ts`);
  const files = sourcesIn(tree, folder).filter((path) => /^export const \w+ = mapping\(/m.test(tree.read(path)));
  return [
    ...classes
      .filter(([, layerClass]) => !mapped.has(layerClass))
      .map(
        ([type]) =>
          `layer ${type} has no mapping in ${folder}, which writes it in ONNX or says why that is not possible`,
      ),
    ...files
      .filter((path) => !rows.includes(`"./${name(path).replace(/\.ts$/, ".js")}"`))
      .map((path) => `${path} has no row in ${folder}/index.ts`),
    ...missingTests(tree, files),
  ];
}

/** @param ids those of rules/index.ts */
export function ruleComplaints(tree: Tree, ids: readonly string[]): string[] {
  const files = sourcesIn(tree, "src/lint/rules");
  return [
    ...differences(
      files,
      ids.map((id) => `src/lint/rules/${id}.ts`),
      {
        onlyInA: (path) => `${path} has no row in src/lint/rules/index.ts`,
        onlyInB: (path) => `src/lint/rules/index.ts has a row for ${path}, which is not there`,
      },
    ),
    ...ids.filter((id, i) => ids.indexOf(id) < i).map((id) => `rule ${id} has two rows in src/lint/rules/index.ts`),
    ...missingTests(tree, files),
    ...ids
      .filter((id) => !tree.has(`src/lint/chinese/${id}.ts`))
      .map((id) => `rule ${id} has no texts in Chinese, src/lint/chinese/${id}.ts`),
    ...ids
      .filter((id) => !tree.read("src/lint/chinese/index.ts").includes(`\n  "${id}": `))
      .map((id) => `rule ${id} has no row in src/lint/chinese/index.ts`),
    ...differences(
      ids.map((id) => `docs/lint/${id}.md`),
      tree.list("docs/lint"),
      {
        onlyInA: (page) => `rule ${name(page).replace(".md", "")} has no page ${page}`,
        onlyInB: (page) => `${page} is the page of no rule in src/lint/rules/index.ts`,
      },
    ),
  ];
}

/** What the page of a rule lacks. */
export function pageComplaints({ read, has }: Tree, id: string): string[] {
  const path = `docs/lint/${id}.md`;
  if (!has(path)) return [`rule ${id} has no page ${path}`];
  const page = read(path);
  const headings = ["## Why", "## What Caffe does", "## How to fix it"];
  const [, first = "", ...sections] = page.split(/^##? .*$/m);
  const links = [...page.matchAll(/\]\(([^)#:]+)\)/g)].map(([, link]) => link);
  const lacks: readonly (readonly [boolean, string])[] = [
    [page.split("\n")[0] === `# ${id}`, `does not begin with the heading # ${id}`],
    [
      `${page.match(/^## .*$/gm)}` === `${headings}`,
      `does not have just these headings, in order: ${headings.join(", ")}`,
    ],
    [
      /\b(error|warning|info)\b/i.test(first),
      "does not say in its first section whether it is an error, a warning or info",
    ],
    [/moka fix|no repair/.test(first), 'says in its first section neither "moka fix" nor "no repair"'],
    [first.includes("```prototxt\n"), "has no example in its first section, in a block of prototxt"],
    [sections.every((section) => section.trim().length > 40), "has a section that says nothing"],
    ...links.map((link) => [has(`docs/lint/${link}`), `has a link to ${link}, which is not there`] as const),
  ];
  return lacks.flatMap(([isFine, lack]) => (isFine ? [] : `${path} ${lack}`));
}

/** What the source of a rule or its test lacks. */
export function ruleSourceComplaints({ read, has }: Tree, id: string): string[] {
  const [source, test] = [`src/lint/rules/${id}.ts`, `src/lint/rules/${id}.test.ts`];
  const constant = id.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  if (!has(source) || !has(test)) return [`${has(source) ? test : source} is not there`];
  const examples = new RegExp(`^testRule\\(${constant}, \\{$[\\s\\S]*^ {2}good: \\{$[\\s\\S]*^ {2}bad: \\{$`, "m");
  return [
    ...(read(source).includes(`export const ${constant}: Rule = {`)
      ? []
      : [`${source} does not export ${constant}: Rule`]),
    ...(examples.test(read(test)) ? [] : [`${test} does not call testRule(${constant}, { good: {…}, bad: {…} })`]),
  ];
}

function sourcesIn(tree: Tree, folder: string): string[] {
  return tree.list(folder).filter((path) => path.endsWith(".ts") && !/\/index\.ts$|\.test\.ts$/.test(path));
}

function missingTests(tree: Tree, sources: Iterable<string>): string[] {
  const untested = [...sources].filter((path) => !tree.has(testOf(path)));
  return untested.map((path) => `${path} has no test ${name(testOf(path))}`);
}
