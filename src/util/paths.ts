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

/** The names in a path, without `.`; `a/..` is left out. */
function partsOf(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split(/[/\\]/)) {
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}
