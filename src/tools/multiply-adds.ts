import type { LayerParameter } from "../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../util/shape.js";

/** A layer's shapes. */
export interface LayerShapes {
  readonly message: LayerParameter;
  readonly bottoms: readonly Shape[];
  readonly tops: readonly Shape[];
  readonly params: readonly Shape[];
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** The weights that each output of a layer with this weight shape, (outputs, …), is summed from. */
const perOutput = (weight: Shape) => countOf(weight, 1);

/** How the layers count that multiply their bottoms by weights; all others count 0. */
const rules: Readonly<Record<string, (shapes: LayerShapes) => number>> = {
  Convolution: ({ tops, params: [weight = []] }) => sum(tops.map((top) => countOf(top))) * perOutput(weight),

  // Its weights are (inputs, outputs / group, …): each input value goes into so many outputs.
  Deconvolution: ({ bottoms, params: [weight = []] }) => sum(bottoms.map((x) => countOf(x))) * perOutput(weight),

  InnerProduct: ({ message, tops: [top = []], params: [weight = []] }) =>
    (countOf(top) / (message.innerProductParam?.numOutput || 1)) * countOf(weight),

  LSTM: recurrent,
  RNN: recurrent,
};

/** Every matrix once a step and stream, but for that of the static input, which is the same for all steps. */
function recurrent({ message, bottoms, params }: LayerShapes): number {
  const [steps = 0, streams = 0] = bottoms[0] ?? [];
  const states = message.recurrentParam?.exposeHidden ? (message.type === "LSTM" ? 2 : 1) : 0;
  const fixed = bottoms.length - states === 3 ? 2 : undefined;
  const matrices = params.map((shape, index) => {
    if (shape.length !== 2) return 0;
    return countOf(shape) * streams * (index === fixed ? 1 : steps);
  });
  return sum(matrices);
}

/**
 * The multiply-adds of one forward of a layer, over the whole batch: a weight times a value, added to a sum, is one.
 *
 * Convolution, Deconvolution, InnerProduct, LSTM and RNN have them, as papers and other tools count them; what is
 * padded counts as if it were there, biases do not count. Pooling, normalization, activations, losses and all else
 * that works value by value count 0.
 */
export function multiplyAdds(shapes: LayerShapes): number {
  const { type } = shapes.message;
  return Object.hasOwn(rules, type) ? (rules[type]?.(shapes) ?? 0) : 0;
}
