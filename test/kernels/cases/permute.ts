import { countOf } from "../../../src/util/shape.js";
import { type Case, kernelCase } from "../maker.js";

/** Shapes of x, each with orders. */
const permutations: readonly [readonly number[], ...(readonly number[])[]][] = [
  [[], []],
  [[17], [0]],
  [
    [5, 7],
    [0, 1],
    [1, 0],
  ],
  [
    [3, 130],
    [1, 0],
  ],
  [
    [130, 3],
    [1, 0],
  ],
  [
    [64, 48],
    [1, 0],
  ],
  [
    [4, 0, 3],
    [2, 1, 0],
  ],
  [
    [2, 5, 3, 4],
    [0, 2, 3, 1],
    [0, 3, 1, 2],
    [3, 2, 1, 0],
    [1, 0, 2, 3],
    [0, 1, 3, 2],
  ],
  [
    [2, 24, 19, 21],
    [0, 2, 3, 1],
    [1, 2, 0, 3],
  ],
  // Runs of a row of a plane, and shorter ones.
  [
    [2, 3, 20, 150],
    [0, 2, 1, 3],
  ],
  [
    [7, 5, 6, 3],
    [2, 0, 1, 3],
  ],
  // Runs that are long, but few.
  [
    [2, 3, 9001],
    [1, 0, 2],
  ],
  // Axes of size 1 move nothing.
  [
    [1, 6, 1, 5],
    [1, 0, 3, 2],
    [3, 2, 0, 1],
  ],
  // Reorg and its way back.
  [
    [2, 2, 2, 5, 6, 9],
    [0, 3, 4, 1, 5, 2],
  ],
  [
    [2, 5, 6, 2, 9, 2],
    [0, 3, 5, 1, 2, 4],
  ],
  [
    [2, 3, 4, 3, 8, 3],
    [0, 3, 5, 1, 2, 4],
    [5, 4, 3, 2, 1, 0],
  ],
  // More axes than any layer has yet.
  [
    [2, 3, 2, 2, 3, 2, 2, 3, 2],
    [8, 6, 4, 2, 0, 1, 3, 5, 7],
    [1, 0, 3, 2, 5, 4, 7, 6, 8],
  ],
];

export const permuteCases: readonly Case[] = permutations.flatMap(([shape, ...orders]) =>
  orders.map((order) =>
    kernelCase("permute", `${shape.join("×")} as ${order.join(" ")}`, (m) => ({
      x: m.normal(countOf(shape)),
      y: m.out(countOf(shape)),
      shape,
      order,
    })),
  ),
);
