import { testRule } from "../../../test/lint.js";
import { softmaxThenSoftmaxloss } from "./softmax-then-softmaxloss.js";

const net = (
  layers: string,
) => `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 10 } shape { dim: 2 } } }
${layers}`;
const loss = (bottom: string) => `layer { name: "l" type: "SoftmaxWithLoss" bottom: ${bottom} bottom: "t" top: "l" }
`;

testRule(softmaxThenSoftmaxloss, {
  good: {
    "scores into the loss": net(loss('"x"')),
    "a Softmax for TEST beside it":
      net(`layer { name: "s" type: "Softmax" bottom: "x" top: "p" include { phase: TEST } }
${loss('"x"')}`),
    "a Softmax into a loss that takes probabilities": net(`layer { name: "s" type: "Softmax" bottom: "x" top: "p" }
layer { name: "l" type: "MultinomialLogisticLoss" bottom: "p" bottom: "t" top: "l" }
`),
  },
  bad: {
    "a Softmax for the loss alone": {
      text: net(`layer { name: "s" type: "Softmax" bottom: "x" top: "p" }
${loss('▶"p"')}`),
      fixed: net(loss('"x"')),
      says: ["which is a softmax already", "starts at 2.303 and cannot fall below 1.461"],
    },
    "a Softmax that others read too": {
      text: net(`layer { name: "s" type: "Softmax" bottom: "x" top: "p" }
layer { name: "a" type: "ArgMax" bottom: "p" top: "a" include { phase: TEST } }
${loss('▶"p"')}`),
      fixed: net(`layer { name: "s" type: "Softmax" bottom: "x" top: "p" }
layer { name: "a" type: "ArgMax" bottom: "p" top: "a" include { phase: TEST } }
${loss('"x"')}`),
    },
    "a Softmax in place": {
      text: net(`layer { name: "s" type: "Softmax" bottom: "x" top: "x" }
${loss('▶"x"')}`),
      fixed: net(loss('"x"')),
    },
    "along other axes": {
      text: net(`layer { name: "s" type: "Softmax" bottom: "x" top: "p" softmax_param { axis: 0 } }
${loss('▶"p"')}`),
    },
  },
});
