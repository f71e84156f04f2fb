import { testRule } from "../../../test/lint.js";
import { bnFraction } from "./bn-fraction.js";

const net = (
  param: string,
  more = "",
) => `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 8 dim: 3 dim: 4 dim: 4 } } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 4 kernel_size: 1 } }
layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c"${more} batch_norm_param { ${param} } }
layer { name: "l" type: "EuclideanLoss" bottom: "c" bottom: "c" top: "l" }
`;
const fraction = (value: string) => `▶moving_average_fraction: ${value}`;

testRule(bnFraction, {
  good: {
    "0.9, which goes over 10 forwards": net("moving_average_fraction: 0.9"),
    "0.5": net("moving_average_fraction: 0.5"),
    "the default": net("eps: 1e-5"),
    "averages that do not move": net("use_global_stats: true moving_average_fraction: 0.1"),
    "a deploy net, where none move": `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { moving_average_fraction: 0.1 } }
`,
    "TEST only": net("moving_average_fraction: 0.1", " include { phase: TEST }"),
    "a plain mean over a run that learns nothing": { text: net("moving_average_fraction: 1"), solver: "base_lr: 0" },
  },
  bad: {
    "0.1, another program's momentum": {
      text: net(fraction("0.1")),
      fixed: net("moving_average_fraction: 0.9"),
      says: ["1/(1 − f) = 1.11 forwards, of 128 values a channel", "their 0.1 is 0.9 in Caffe"],
    },
    "0.01 on 4 ranks": {
      text: net(fraction("0.01")),
      ranks: { count: 4, isSync: false },
      fixed: net("moving_average_fraction: 0.99"),
      says: ["of 128 values a channel on each of 4 ranks"],
    },
    "0.01": { text: net(fraction("0.01")), fixed: net("moving_average_fraction: 0.99"), says: ["0.01 is 0.99"] },
    "0: the last batch alone": { text: net(fraction("0")), says: ["1/(1 − f) = 1 forwards"] },
    "0.4, of which it is not known what was meant": { text: net(fraction("0.4")) },
    "1, whatever the solver": {
      text: net(fraction("1")),
      solver: "base_lr: 0.1 max_iter: 100000",
      says: ["never forget"],
    },
    "1.1": { severity: "error", text: net(fraction("1.1")), says: ["after 907 forwards s is more"] },
    "-0.5": { severity: "error", text: net(fraction("-0.5")), says: ["counts against the others"] },
    "-1": { severity: "error", text: net(fraction("-1")), says: ["s is 0 after every second forward"] },
  },
});
