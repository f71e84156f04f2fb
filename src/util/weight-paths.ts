/** The paths in a list of weight files, `a.caffemodel, b.caffemodel`: blanks around commas do not count. */
export function weightPaths(list: string): string[] {
  return list.split(",").map((path) => path.trim());
}
