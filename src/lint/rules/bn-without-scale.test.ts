import { testRule } from "../../../test/lint.js";
import { weightsOf } from "../../../test/lint-weights.js";
import { bnWithoutScale } from "./bn-without-scale.js";

const input = `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 4 kernel_size: 1 } }
`;
const relu = `layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
`;
const scale = (name: string) =>
  `layer { name: "${name}" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
`;
const convReading = (name: string, bottom: string) =>
  `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { num_output: 4 kernel_size: 1 } }
`;
const loss = `layer { name: "loss" type: "EuclideanLoss" bottom: "c" bottom: "c" top: "l" }
`;
const bn = `layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
`;

const four = [1, 2, 3, 4];

testRule(bnWithoutScale, {
  good: {
    "a Scale right behind it": input + bn + scale("s") + relu,
    "a Bias right behind it": `${input}${bn}layer { name: "b" type: "Bias" bottom: "c" top: "c" }
${relu}`,
    "a Scale behind the Concat that it goes into, as in concatenated ReLU": `${input}${bn}
layer { name: "neg" type: "Power" bottom: "c" top: "n" power_param { scale: -1 } }
layer { name: "cat" type: "Concat" bottom: "c" bottom: "n" top: "cc" }
layer { name: "s" type: "Scale" bottom: "cc" top: "cc" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "cc" top: "cc" }`,
    "data, normalized for a convolution": `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
${convReading("conv", "y")}`,
    "the end of a net: features as they are": input + bn,
    "a fork's, with scale and shift inside": `${input}
layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" batch_norm_param { scale_bias: true } }
${relu}`,
    "weights of a fork, with γ and β inside; bn-fork-blobs reports them": {
      text: input + bn + relu,
      weights: weightsOf({ bn: [four, four, [1], four, four] }),
    },
    "weights of a fork with γ alone": { text: input + bn + relu, weights: weightsOf({ bn: [four, four, [1], four] }) },
    "a Scale in TRAIN only, which bn-one-phase reports": `${input}${bn}
layer { name: "s" type: "Scale" bottom: "c" top: "c" include { phase: TRAIN } scale_param { bias_term: true } }
${relu}${loss}`,
    "a scale of a fork": `${input}${bn}layer { name: "a" type: "EltwiseAffine" bottom: "c" top: "c" }
${relu}`,
  },
  bad: {
    "before a Threshold, through which no Scale could learn": {
      text: `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 8 dim: 3 } shape { dim: 8 dim: 2 } } }
▶layer { name: "bn" type: "BatchNorm" bottom: "x" top: "n" ${"param { lr_mult: 0 } ".repeat(3)}}
layer { name: "p" type: "Threshold" bottom: "n" top: "p" }
layer { name: "f" type: "InnerProduct" bottom: "p" top: "f" inner_product_param { num_output: 2 } }
layer { name: "l" type: "EuclideanLoss" bottom: "f" bottom: "t" top: "l" }
`,
      says: ["they could not learn"],
    },
    "Caffe's own weights": {
      text: `${input}▶${bn}${relu}`,
      fixed: `${input}${bn}layer { name: "scale" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
${relu}`,
      weights: weightsOf({ bn: [four, four, [1]] }),
    },
    "a net of Intel's fork, once for all its layers": {
      text: `bn_stats_batch_size: 32
${input}▶${bn}${relu}${bn.replace('"bn"', '"bn2"')}${relu.replace('"relu"', '"relu2"')}`,
      severity: "info",
      says: [/only Intel's fork of Caffe does not need \(and 1 more like it\)/, /bn_stats_batch_size in line 1/],
    },
    "a layer that an MKL engine runs": {
      text: `${input}▶${bn.replace(" }", ' engine: "MKL2017" }')}${relu}`,
      severity: "info",
      says: [/engine in line 3 is a field of Intel's fork/],
    },
    "a layer of Intel's fork that its plain engine runs": {
      text: `bn_stats_batch_size: 32
${input}▶${bn.replace(" }", ' engine: "CAFFE" }')}${relu}`,
      fixed: `bn_stats_batch_size: 32
${input}${bn.replace(" }", ' engine: "CAFFE" }')}layer { name: "scale" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
${relu}`,
      severity: "warning",
    },
    "a branch for training": {
      text: `${input}▶layer { name: "bn" type: "BatchNorm" bottom: "c" top: "t" include { phase: TRAIN } }
layer { name: "relu" type: "ReLU" bottom: "t" top: "t" include { phase: TRAIN } }
${loss}`,
      fixed: `${input}layer { name: "bn" type: "BatchNorm" bottom: "c" top: "t" include { phase: TRAIN } }
layer { name: "scale" type: "Scale" bottom: "t" top: "t" include { phase: TRAIN } scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "t" top: "t" include { phase: TRAIN } }
${loss}`,
    },
    "a ReLU right behind it": {
      text: `${input}▶${bn}${relu}`,
      fixed: `${input}${bn}layer { name: "scale" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
${relu}`,
      says: [/layer "bn" \(BatchNorm\) has no Scale behind it/, /"relu" \(ReLU\) gets, which cuts about half/, /γ = 1/],
    },
    "a twin in a phase of no interest, as TRAIN without a loss, which would stay without a Scale": {
      text: `${input}${bn.replace(" }", " include { phase: TRAIN } }")}▶${bn.replace(" }", " include { phase: TEST } }")}${relu}`,
    },
    "another layer between it and the Scale": {
      text: `${input}▶${bn}${relu}${scale("s")}`,
      fixed: `${input}${bn}layer { name: "scale" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
${relu}${scale("s")}`,
      says: [/Scale "s" comes only behind that/],
    },
    "a Scale by another blob": {
      text: `${input}▶${bn}layer { name: "gate" type: "Scale" bottom: "c" bottom: "x" top: "g" scale_param { axis: 0 } }
`,
      fixed: `${input}${bn}layer { name: "scale" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
layer { name: "gate" type: "Scale" bottom: "c" bottom: "x" top: "g" scale_param { axis: 0 } }
`,
    },
    "nothing behind it in a fragment": {
      text: `▶layer { name: "bn1" type: "BatchNorm" bottom: "c" top: "c" }
`,
      fixed: `layer { name: "bn1" type: "BatchNorm" bottom: "c" top: "c" }
layer { name: "scale1" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
`,
    },
    "a convolution, which can learn in its place": {
      text: `${input}▶${bn}${convReading("next", "c")}`,
      severity: "info",
      says: [/but layer "next" \(Convolution\)/],
    },
    "names, order, layout and braces as in the file": {
      text: `${input}layer {
    bottom: 'c' top: 'c'
    name: 'a/norm'
    type: 'BatchNorm'
}
layer { name: "a/gamma" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
${relu}▶layer {
    bottom: 'c' top: 'd'
    name: 'b/norm'  # second
    type: 'BatchNorm'
    batch_norm_param { eps: 0.001 }
}  # end
${relu.replaceAll('"c"', '"d"')}`,
      fixed: `${input}layer {
    bottom: 'c' top: 'c'
    name: 'a/norm'
    type: 'BatchNorm'
}
layer { name: "a/gamma" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
${relu}layer {
    bottom: 'c' top: 'd'
    name: 'b/norm'  # second
    type: 'BatchNorm'
    batch_norm_param { eps: 0.001 }
}  # end
layer {
    bottom: 'd' top: 'd'
    name: 'b/gamma'
    type: 'Scale'
    scale_param {
        bias_term: true
    }
}
${relu.replaceAll('"c"', '"d"')}`,
    },
    "one for each phase, which share a name; the name for the Scale is taken": {
      text: `${input}▶layer { name: "bn_c" type: "BatchNorm" bottom: "c" top: "y" include { phase: TRAIN } }
▶layer { name: "bn_c" type: "BatchNorm" bottom: "c" top: "y" include { phase: TEST } }
layer { name: "scale_c" type: "ReLU" bottom: "y" top: "y" }
layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "y" bottom: "y" top: "l" }
`,
      fixed: `${input}layer { name: "bn_c" type: "BatchNorm" bottom: "c" top: "y" include { phase: TRAIN } }
layer { name: "scale_c_2" type: "Scale" bottom: "y" top: "y" include { phase: TRAIN } scale_param { bias_term: true } }
layer { name: "bn_c" type: "BatchNorm" bottom: "c" top: "y" include { phase: TEST } }
layer { name: "scale_c_2" type: "Scale" bottom: "y" top: "y" include { phase: TEST } scale_param { bias_term: true } }
layer { name: "scale_c" type: "ReLU" bottom: "y" top: "y" }
layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "y" bottom: "y" top: "l" }
`,
    },
  },
});
