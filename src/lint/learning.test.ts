import { expect, test } from "vitest";
import { lintContext } from "../../test/lint.js";
import { ReLULayer } from "../layers/activation/relu.js";
import { BatchNormLayer } from "../layers/normalization/batch-norm.js";
import { ConvolutionLayer } from "../layers/vision/convolution.js";
import { parseNet } from "../proto/text/index.js";
import { silent } from "../util/log.js";
import { Random } from "../util/random.js";
import { LintLayer } from "./layer.js";
import { learns } from "./learning.js";

/** A layer of one's own that has parameters, and does not say how many. */
class Mine extends ReLULayer {
  override declareParams() {
    return [];
  }
}

const context = { phase: "TRAIN", ...lintContext(), random: new Random(1), log: silent, fill: () => {} } as const;

test.each([
  [ConvolutionLayer, "", true],
  [ConvolutionLayer, "param { lr_mult: 0 } param { lr_mult: 0 }", false],
  [ConvolutionLayer, "param { lr_mult: 0 }", true],
  [ConvolutionLayer, "param { lr_mult: 0 } convolution_param { bias_term: false }", false],
  [BatchNormLayer, "", false],
  [ReLULayer, "", false],
  [Mine, "", true],
  [Mine, "param { lr_mult: 0 }", false],
  [undefined, "", false],
])("whether %o with %s learns: %s", (layerClass, fields, expected) => {
  const [message] = parseNet(`layer { type: "${layerClass?.type ?? "Quantum"}" ${fields} }`).message.layer;
  const facts = layerClass && new layerClass(message, context);
  expect(learns(new LintLayer(message, undefined, undefined, facts))).toBe(expected);
});
