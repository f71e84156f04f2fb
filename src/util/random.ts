/** The generator all random layers and fillers of a run share. */
export class Random {
  constructor(_seed: number) {}

  /** The next 32 random bits, unsigned. */
  next(): number {
    throw new Error("not written yet");
  }
}
