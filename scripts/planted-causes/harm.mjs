// Whether a planting does what it says, by what the net computes with and without it: the doctor is not asked.
import { measure } from "./base.mjs";

/**
 * Compares a planted net with what it should be. `harm` is "yes", "no" or "little"; `text` says how it was seen. A net with an accuracy
 * is harmed where it loses more than 5 % of what it has over always saying the commonest class.
 */
export async function harmOf(planted, right, chance) {
  const [is, should] = [await measured(planted), await measured(right)];
  if (is.outputs) return ofOutputs(is.outputs, should.outputs);
  const losses = `loss ${show(is.loss)}, without it ${show(should.loss)}`;
  const ratio = is.loss / should.loss;
  const byLoss = grade(ratio - 1, 0.15, 0.6);
  if (should.accuracy === undefined) return { harm: byLoss, text: losses };
  const text = `accuracy ${show(is.accuracy)}, without it ${show(should.accuracy)}; ${losses}`;
  const byAccuracy = grade((should.accuracy - is.accuracy) / (should.accuracy - chance), 0.015, 0.05);
  // Caffe's Accuracy counts scores that are no numbers as right.
  if (!(ratio <= 3)) return { harm: "yes", text };
  return { harm: both(byAccuracy, byLoss), text };
}

/** Of two grades of the same thing: "no" and "yes" are "little". */
function both(one, other) {
  if (one === other) return one;
  return one === "no" || other === "no" ? "little" : "yes";
}

async function measured(net) {
  try {
    return await measure(net);
  } catch (error) {
    throw new Error(`the planted net does not run: ${error.message}`, { cause: error });
  }
}

/** Where there are no labels: the share of decisions that are others, or, for features, the relative distance. */
function ofOutputs(is, should) {
  let others = 0;
  let decisions = 0;
  let distance = 0;
  let size = 0;
  is.forEach(({ shape, values }, index) => {
    const right = should[index].values;
    const [rows, classes, ...places] = shape;
    const area = places.reduce((product, count) => product * count, 1);
    for (let row = 0; row < rows; row++)
      for (let place = 0; place < area; place++) {
        const best = (from) => {
          let winner = 0;
          const at = (k) => from[(row * classes + k) * area + place];
          for (let k = 1; k < classes; k++) if (!(at(k) <= at(winner))) winner = k;
          return winner;
        };
        decisions++;
        if (best(values) !== best(right)) others++;
      }
    values.forEach((value, i) => {
      distance += (value - right[i]) ** 2;
      size += right[i] ** 2;
    });
  });
  const far = Math.sqrt(distance / size);
  const share = others / decisions;
  const byDistance = grade(far, 0.1, 0.3);
  const byShare = grade(share, 0.01, 0.05);
  return {
    // Without labels nobody knows which of the decisions were right.
    harm: byDistance === byShare ? byDistance : "little",
    text: `${show(100 * share)} % of decisions and ${show(100 * far)} % of the outputs' size are others`,
  };
}

/** NaN is harm. */
const grade = (value, little, much) => (value < little ? "no" : value <= much ? "little" : "yes");

const show = (value) => (value === undefined ? "none" : Number(value.toPrecision(3)));
