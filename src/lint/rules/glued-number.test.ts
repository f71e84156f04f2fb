import { testRule } from "../../../test/lint.js";
import { gluedNumber } from "./glued-number.js";

const net = (
  param: string,
) => `layer { name: "c" type: "Convolution" bottom: "x" top: "y" convolution_param { ${param} } }
`;

testRule(gluedNumber, {
  good: {
    "a space between them": net("num_output: 64 pad: 1"),
    "a comma between them": net("num_output: 64,pad: 1"),
    "a number with an exponent, and one with the f of a float": net(
      "num_output: 4 weight_filler { std: 1e-2 value: .5f }",
    ),
  },
  bad: {
    "a field right behind a number": {
      text: net("num_output: ▶64pad: 1"),
      fixed: net("num_output: 64 pad: 1"),
      says: ["no space between the number 64 and pad", "gives up"],
    },
    "a message right behind a negative number, and another": {
      text: `layer { name: "p" type: "Power" bottom: "x" top: "y"
  power_param { shift: -▶1.5e1scale: ▶2power: 1 }
  param { lr_mult: ▶1decay_mult: 2 }
}
`,
      fixed: `layer { name: "p" type: "Power" bottom: "x" top: "y"
  power_param { shift: -1.5e1 scale: 2 power: 1 }
  param { lr_mult: 1 decay_mult: 2 }
}
`,
    },
    "what is left out of a value, which has no safe repair": {
      text: `input: "x" input_shape { dim: ▶224X224 dim: 3 }
`,
      says: ["leaves the rest out"],
    },
  },
});
