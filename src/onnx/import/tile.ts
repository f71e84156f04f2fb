import { tiled } from "./broadcast.js";
import { broadcastShape } from "./fold/fold.js";
import type { Imported, Scope } from "./scope.js";

/** Tile with constant numbers → Tile along each axis: exact. */
export function tile(node: Scope): Imported {
  const x = node.blob(0);
  const repeats = node.integers(1, "repeats") ?? [];
  const axes = repeats.flatMap((tiles, axis) => (tiles === 1 ? [] : [{ tiles, axis }]));
  node.check(
    axes.every(({ tiles }) => tiles > 0),
    "it repeats an axis 0 times",
  );
  if (axes.length === 0) return node.pass(x);
  return axes.reduce((from, { tiles, axis }, nth) => {
    const options = nth === axes.length - 1 ? {} : { suffix: `axis${axis}` };
    return node.layer("Tile", [from], { tileParam: { axis, tiles } }, options);
  }, x);
}

/** Expand to a constant shape → Tile along each axis: exact. */
export function expand(node: Scope): Imported {
  const x = node.blob(0);
  const shape = broadcastShape(x.shape, node.integers(1, "shape") ?? []);
  if (!shape) throw node.node.error("MOKA_PARSE", `${x.shape.join(" × ")} does not expand to its shape`);
  const y = tiled(node, x, shape, "repeated");
  return y === x ? node.pass(x) : y;
}
