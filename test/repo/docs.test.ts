// What the pages name is there: files, links, scripts and commands. (docs/layers.md has a test of its own.)
import { posix } from "node:path";
import { expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.js";
import { expectNone, type Tree, tree, treeWith } from "./tree.js";

const pages = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "test/golden/README.md"],
  ...tree.list("docs").filter((path) => path.endsWith(".md")),
];
const rooms = new Set(tree.list("src").flatMap((path) => /^src\/(\w+)\//.exec(path)?.[1] ?? []));

test.each(pages)("%s", (page) => expectNone(complaints(tree, page)));

test("what is said of a page that names what is not there", () => {
  const of = (text: string, page = "docs/fold.md") => complaints(treeWith({ [page]: text }), page);
  expect(of("In `src/core/kernel.ts` and src/core/net.ts:")).toEqual([
    "docs/fold.md names src/core/kernel.ts, which is not there",
  ]);
  expect(of("`core/net.ts`, `core/nets.ts`", "docs/architecture.md")).toEqual([
    "docs/architecture.md names core/nets.ts, which is not in src/",
  ]);
  expect(
    of("# A b\n[1](#a-b) [2](#c) [3](../README.md#lint) [4](lint.md#no) [5](lints.md) [6](https://a.b/c)"),
  ).toEqual([
    "docs/fold.md links to #c, which is not there",
    "docs/fold.md links to lint.md#no, which is not there",
    "docs/fold.md links to lints.md, which is not there",
  ]);
  expect(of("npm run build, npm run bild")).toEqual([
    "docs/fold.md names npm run bild, which package.json does not have",
  ]);
  expect(of("`moka lint`, ` moka parse_log x`, `moka lind x`")).toEqual([
    "docs/fold.md names moka lind, which is no command",
  ]);
});

function complaints(files: Tree, page: string): string[] {
  const text = files.read(page);
  const { scripts } = JSON.parse(files.read("package.json"));
  const isThere = (path: string) => files.has(path.replace(/\/$/, ""));
  const named = matches(text, /(?<![\w/.])(?:src|assembly|test|bench|scripts|docs|examples)\/[\w./-]*\w/g);
  const short =
    page === "docs/architecture.md"
      ? matches(text, new RegExp(`(?<=\`)(?:${[...rooms].join("|")})/[\\w./-]*(?=\`)`, "g"))
      : [];
  const links = matches(text, /(?<=\]\()[^)\s]+(?=\))/g).filter((link) => !/^\w+:/.test(link));
  const run = matches(text, /(?<=npm run )[a-z][\w:-]*/g);
  const called = matches(text, /(?<=(?:^|`|\$ ) ?moka )[a-z][a-z_]*/gm);
  const isCommand = (name: string) => commands.some((command) => command.name === name);
  return [
    ...named.filter((path) => !isThere(path)).map((path) => `${page} names ${path}, which is not there`),
    ...short.filter((path) => !isThere(`src/${path}`)).map((path) => `${page} names ${path}, which is not in src/`),
    ...links.filter((link) => !leads(files, page, link)).map((link) => `${page} links to ${link}, which is not there`),
    ...run
      .filter((name) => !(name in scripts))
      .map((name) => `${page} names npm run ${name}, which package.json does not have`),
    ...called.filter((name) => !isCommand(name)).map((name) => `${page} names moka ${name}, which is no command`),
  ];
}

function leads(files: Tree, page: string, link: string): boolean {
  const [path, anchor] = link.split("#");
  const target = path === "" ? page : posix.join(posix.dirname(page), path);
  if (!files.has(target)) return false;
  if (anchor === undefined) return true;
  // Of headings with the same anchor, GitHub numbers the later ones.
  const slugs = matches(files.read(target), /(?<=^#+ ).+$/gm).map(slug);
  const numbered = slugs.map((each, i) => {
    const before = slugs.slice(0, i).filter((other) => other === each).length;
    return before === 0 ? each : `${each}-${before}`;
  });
  return numbered.includes(anchor);
}

/** As GitHub names a heading. */
function slug(title: string): string {
  const words = title.toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, "");
  return words.replaceAll(" ", "-");
}

function matches(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([match]) => match))];
}
