import { check } from "../../util/errors.js";
import type { LabelledImages } from "../idx.js";
import { digitSize, drawDigit } from "./draw.js";
import { PortableRandom } from "./portable-random.js";

/**
 * Handwritten digits for training nets without MNIST: `count` images of 28×28 pixels, each digit
 * as often as the others, in random order.
 *
 * The same seed gives the same bytes on every machine. Image i depends on the seed, i and its label only.
 * Use different seeds for training and testing.
 */
export function digits({ count, seed }: { readonly count: number; readonly seed: number }): LabelledImages {
  check(Number.isInteger(count) && count >= 0, "MOKA_USAGE", `${count} is no number of images`);
  const size = digitSize * digitSize;
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  new PortableRandom(seed).shuffle(labels);
  const pixels = new Uint8Array(count * size);
  labels.forEach((label, i) => {
    pixels.set(drawDigit(label, new PortableRandom(seed, i + 1)), i * size);
  });
  return { count, height: digitSize, width: digitSize, pixels, labels };
}
