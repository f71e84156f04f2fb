import { testRule } from "../../../test/lint.js";
import { lossInDeploy } from "./loss-in-deploy.js";

const deploy = `input: "data" input_shape { dim: 1 dim: 10 }
`;

testRule(lossInDeploy, {
  good: {
    "a Softmax": `${deploy}layer { name: "prob" type: "Softmax" bottom: "data" top: "prob" }
`,
    "labels that are an input": `${deploy}input: "label" input_shape { dim: 1 }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "data" bottom: "label" top: "loss" }
`,
    "data that is read, where a missing label is unknown-bottom": `layer { name: "d" type: "DummyData" top: "data" dummy_data_param { shape { dim: 2 dim: 3 } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "data" bottom: "label" top: "loss" }
`,
    "a fragment": `layer { name: "loss" type: "SoftmaxWithLoss" bottom: "data" bottom: "label" top: "loss" }
`,
  },
  bad: {
    "a SoftmaxWithLoss": {
      text: `${deploy}layer {
  name: "loss" # was for training
  ▶type: "SoftmaxWithLoss"
  bottom: "data"
  bottom: "label"
  top: "loss"
  loss_weight: 1
  loss_param { ignore_label: 255 }
}
`,
      fixed: `${deploy}layer {
  name: "loss" # was for training
  type: "Softmax"
  bottom: "data"
  top: "loss"
}
`,
      says: ['reads "label", which nothing feeds: the inputs of this net are "data"', "its Softmax"],
    },
    "bottoms in a list": {
      text: `${deploy}layer { name: "loss" ▶type: "SoftmaxWithLoss" bottom: ["data", "label"] top: "loss" }
`,
      fixed: `${deploy}layer { name: "loss" type: "Softmax" bottom: ["data"] top: "loss" }
`,
    },
    "an Accuracy, and a loss beside a Softmax": {
      text: `${deploy}layer { name: "acc" ▶type: "Accuracy" bottom: "data" bottom: "label" top: "acc" }
layer { name: "loss" ▶type: "SoftmaxWithLoss" bottom: "data" bottom: "label" top: "loss" include { phase: TRAIN } }
layer { name: "l2" ▶type: "EuclideanLoss" bottom: "data" bottom: "target" top: "l2" }
`,
      says: ["the layer can go"],
    },
  },
});
