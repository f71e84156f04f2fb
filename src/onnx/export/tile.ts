import { TileLayer } from "../../layers/common/tile.js";
import { mapping } from "./mapping.js";

/** Tile → `Tile`; nothing for a single tile. Exact. */
export const tile = mapping(TileLayer, (w) => {
  const { shape } = w.input(0);
  const repeats = w.port(0).shape.map((size, axis) => size / (shape[axis] || 1));
  w.set(0, repeats.every((each) => each === 1) ? w.x : w.node("Tile", [w.x, w.ints(repeats)]));
});
