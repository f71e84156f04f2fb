/** The panels that assembly/pack.ts makes from rows: tall ones of 5 or 6 rows, depending on the module, then panels of 4. */
export class Panels {
  readonly #tall: number;

  constructor(tall: number) {
    this.#tall = tall;
  }

  /** The number of panels that these rows make. */
  count(rows: number): number {
    const talls = this.#talls(rows);
    return talls + Math.ceil((rows - this.#tall * talls) / 4);
  }

  /** The number of rows in the panels, with the padding of the last panel. */
  filled(rows: number): number {
    const talls = this.#talls(rows);
    return this.#tall * talls + 4 * Math.ceil((rows - this.#tall * talls) / 4);
  }

  #talls(rows: number): number {
    const odd = this.#tall % 2 === 0 ? rows % 2 : 0;
    for (let fours = odd; 4 * fours <= rows + odd; fours++) {
      const talls = (rows + odd - 4 * fours) / this.#tall;
      if (Number.isInteger(talls)) return talls;
    }
    return Math.floor(rows / this.#tall);
  }
}
