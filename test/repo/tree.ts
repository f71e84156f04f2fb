import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The files of the repository, or of one that could be; paths are relative to the root, with `/`. */
export interface Tree {
  has(path: string): boolean;
  read(path: string): string;
  /** The paths of all files below a folder. */
  list(folder: string): readonly string[];
}

export const tree: Tree = {
  has: (path) => existsSync(`${root}${path}`),
  read: (path) => readFileSync(`${root}${path}`, "utf8"),
  list: (folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" })
      .map((path) => `${folder}/${path.replaceAll("\\", "/")}`)
      .filter((path) => statSync(`${root}${path}`).isFile())
      .sort(),
};

/** The repository with other files: by path their text, or `undefined` for a file that is gone. */
export function treeWith(files: Readonly<Record<string, string | undefined>>): Tree {
  return {
    has: (path) => (path in files ? files[path] !== undefined : tree.has(path)),
    read: (path) => files[path] ?? tree.read(path),
    list: (folder) => {
      const all = new Set([
        ...tree.list(folder),
        ...Object.keys(files).filter((path) => path.startsWith(`${folder}/`)),
      ]);
      return [...all].filter((path) => !(path in files) || files[path] !== undefined).sort();
    },
  };
}

/** Fails when something is wrong; the first complaint is the headline of the failure. */
export function expectNone(complaints: readonly string[]): void {
  if (complaints.length > 0) expect.fail(complaints.join("\n"));
}

/** What is complained of with these files in the repository, and not without them. */
export function complaintsOf(
  check: (tree: Tree) => readonly string[],
  files: Readonly<Record<string, string | undefined>>,
): string[] {
  const before = check(tree);
  return check(treeWith(files)).filter((complaint) => !before.includes(complaint));
}

/** A complaint for each name that stands in one list and not in the other. */
export function differences<T extends string>(
  a: Iterable<T>,
  b: Iterable<T>,
  { onlyInA, onlyInB }: { readonly onlyInA: (name: T) => string; readonly onlyInB: (name: T) => string },
): string[] {
  const [left, right] = [new Set(a), new Set(b)];
  return [
    ...[...left].filter((name) => !right.has(name)).map(onlyInA),
    ...[...right].filter((name) => !left.has(name)).map(onlyInB),
  ];
}

/** Of source files, their tests. */
export const testOf = (path: string): string => path.replace(/\.ts$/, ".test.ts");

/** The layer types by the files that declare them, such as `src/layers/activation/relu.ts`. */
export function layerFiles({ list, read }: Tree): ReadonlyMap<string, string> {
  const files = list("src/layers").filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"));
  return new Map(
    files.flatMap((path) => {
      const [, type] = /static (?:override )?readonly type = "([\w.]+)"/.exec(read(path)) ?? [];
      return type === undefined ? [] : [[type, path] as const];
    }),
  );
}
