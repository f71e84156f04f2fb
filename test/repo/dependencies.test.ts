// docs/dependencies.md has a row for every dependency, with the license that the package itself names.
import { test } from "vitest";
import { expectNone, tree } from "./tree.js";

interface Package {
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly workspaces?: readonly string[];
}

const packageOf = (path: string): Package => JSON.parse(tree.read(`${path}package.json`));
const { dependencies, devDependencies, optionalDependencies, workspaces = [] } = packageOf("");
/** What the workspaces need besides this package. */
const ofWorkspaces = Object.fromEntries(
  workspaces
    .map((folder) => packageOf(`${folder}/`))
    .flatMap(({ dependencies, devDependencies }) => Object.entries({ ...dependencies, ...devDependencies }))
    .filter(([, version]) => !version.startsWith("file:")),
);

/** The names and licenses of the rows of one part of the page. */
function rowsOf(title: string): ReadonlyMap<string, string> {
  const [, part = ""] = tree.read("docs/dependencies.md").split(`\n## ${title}\n`);
  const lines = (part.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("| `"));
  return new Map(
    lines.flatMap((line) => {
      const [, names = "", , license = ""] = line.split("|");
      return [...names.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => [name, license.trim()] as const);
    }),
  );
}

test.each([
  ["With the package", { ...dependencies, ...optionalDependencies }],
  ["To develop", devDependencies ?? {}],
  ["The page and the editors", ofWorkspaces],
])("%s", (title, wanted) => {
  const rows = rowsOf(title);
  expectNone([
    ...Object.keys(wanted)
      .filter((name) => !rows.has(name))
      .map((name) => `docs/dependencies.md has no row for ${name}`),
    ...[...rows.keys()]
      .filter((name) => !(name in wanted))
      .map((name) => `docs/dependencies.md has ${name}, which is no dependency`),
    ...[...rows].flatMap(([name, license]) => {
      // An optional dependency is not there on every machine.
      if (!tree.has(`node_modules/${name}/package.json`)) return [];
      const said = packageOf(`node_modules/${name}/`).license?.replace(/^\((.*)\)$/, "$1") ?? "";
      return said.startsWith("SEE LICENSE") || license.startsWith(said)
        ? []
        : [`${name} has the license ${said}, the page says ${license}`];
    }),
  ]);
});

test("nothing is a dependency of users that only tests and scripts use", () => {
  const sources = tree
    .list("src")
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map(tree.read)
    .join("\n");
  const unused = Object.keys({ ...dependencies, ...optionalDependencies }).filter(
    (name) => !new RegExp(`["']${name}["'/]`).test(sources),
  );
  expectNone(unused.map((name) => `src/ does not use ${name}`));
});
