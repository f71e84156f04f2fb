/** The paths in a list of weight files, `a.caffemodel, b.caffemodel`. Blanks around commas are ignored. */
export function weightPaths(list: string): string[] {
  return list.split(",").map((path) => path.trim());
}
