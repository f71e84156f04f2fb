// Panels of 5 and 4 rows, as assembly/pack.ts makes them.

/** Rows in the packed panels of so many rows. */
export function panelRows(rows: number): number {
  const fives = fivesOf(rows);
  return 5 * fives + 4 * Math.ceil((rows - 5 * fives) / 4);
}

/** How many panels they make. */
export function panelsOf(rows: number): number {
  const fives = fivesOf(rows);
  return fives + Math.ceil((rows - 5 * fives) / 4);
}

function fivesOf(rows: number): number {
  const left = rows % 5;
  const fours = left === 0 ? 0 : 5 - left;
  return 4 * fours <= rows ? (rows - 4 * fours) / 5 : Math.floor(rows / 5);
}
