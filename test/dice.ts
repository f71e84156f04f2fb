import { Random } from "../src/util/random.js";

/** Draws for tests, from a seed. */
export class Dice {
  readonly random: Random;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  below(n: number): number {
    return this.random.below(n);
  }

  chance(p: number): boolean {
    return this.random.next() < p * 2 ** 32;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}
