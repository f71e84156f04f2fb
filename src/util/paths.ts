/** A path without its folder. */
export function baseName(path: string): string {
  return path.replace(/^.*[/\\]/, "");
}

/** The folder of a path, with the slash behind it; empty for a file in the working directory. */
export function folderOf(path: string): string {
  return path.slice(0, path.length - baseName(path).length);
}

/** Whether a path begins at a root: `/a`, `C:\a`, `https://a`. */
export function isAbsolute(path: string): boolean {
  return /^(?:[/\\]|[a-z][a-z\d+.-]*:)/i.test(path);
}

/**
 * A path as seen from a folder: `../net.prototxt` for `a/net.prototxt` and `a/b/`. Both must be relative to one place, or absolute on one
 * disk; else the path does not change.
 */
export function relativePath(path: string, folder: string): string {
  const [to, from] = [partsOf(path), partsOf(folder)];
  const sameRoot = isAbsolute(path) === isAbsolute(folder) && !/^[a-z][a-z\d+.-]+:/i.test(path);
  if (!sameRoot || from.includes("..") || (isAbsolute(path) && /:/.test(path) && to[0] !== from[0])) return path;
  let shared = 0;
  while (shared < from.length && shared < to.length - 1 && to[shared] === from[shared]) shared++;
  return [...from.slice(shared).map(() => ".."), ...to.slice(shared)].join("/");
}

/** A path without `.`, `a/..` and doubled slashes, with `/` between its names. */
export function normalPath(path: string): string {
  const root = /^(?:[a-z]:)?[/\\]|^[a-z][a-z\d+.-]+:[/\\]*/i.exec(path)?.[0] ?? "";
  const parts = partsOf(path.slice(root.length));
  const names = root === "" ? parts : parts.filter((part) => part !== "..");
  return `${root.replaceAll("\\", "/")}${names.join("/")}` || ".";
}

/** An absolute path's folder and the folders above it, the nearest first, without a slash behind them but for the root. */
export function foldersAbove(path: string): readonly string[] {
  const folder = folderOf(path).replace(/(?<=[^/\\:])[/\\]+$/, "");
  return folder === path || folder === "" ? [] : [folder, ...foldersAbove(folder)];
}

/** A relative URI, or one with the scheme `file` for an absolute path. */
export function uriOf(path: string): string {
  const slashed = path.replaceAll("\\", "/");
  const encoded = slashed.split("/").map(encodeURIComponent).join("/");
  if (slashed.startsWith("/")) return `file://${encoded}`;
  return /^[A-Za-z]:\//.test(slashed) ? `file:///${encoded.replace("%3A", ":")}` : encoded;
}

/** The names in a path, without `.`; `a/..` is left out. */
function partsOf(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split(/[/\\]/)) {
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}
