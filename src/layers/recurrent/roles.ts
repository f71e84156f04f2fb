/** The bottoms of a recurrent layer, or one value for each of them, by role. The last `exposed` ones are its first state. */
export function bottomRoles<T>(
  bottom: readonly T[],
  exposed: number,
): { x: T; cont: T; fixed: T | undefined; hidden: readonly T[] } {
  const inputs = bottom.length - exposed;
  const [x, cont, fixed] = bottom.slice(0, inputs) as [T, T, T?];
  return { x, cont, fixed, hidden: bottom.slice(inputs) };
}

/** The parameters by role; W_s exists if `fixed` does. */
export function paramRoles<T>(
  params: readonly T[],
  fixed: unknown,
): { wx: T; b: T; ws: T | undefined; wh: T; own: readonly T[] } {
  const [wx, b, ...rest] = params as [T, T, ...T[]];
  const ws = fixed === undefined ? undefined : rest.shift();
  const [wh, ...own] = rest as [T, ...T[]];
  return { wx, b, ws, wh, own };
}
