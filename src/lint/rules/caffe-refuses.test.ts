import { describe, expect, test } from "vitest";
import { lintContext, testRule } from "../../../test/lint.js";
import { fixText } from "../fix.js";
import { caffeRefuses } from "./caffe-refuses.js";

testRule(caffeRefuses, {
  good: {
    "all that C++ protobuf takes": `name: 'a' "b" # comment
layer < name: "p"; type: "Pooling", bottom: "x" top: "y" pooling_param { pool: 0 kernel_size: 0x3 } >
layer { name: "b" type: "BatchNorm" batch_norm_param { use_global_stats: True eps: .5e-1f } param [{ lr_mult: 0 }, { lr_mult: 0 }] }
`,
    "what other rules report": `layer { nmae: "x" convolution_param { num_output: 64pad: 1 } }
`,
  },
  bad: {
    punctuation: {
      severity: "warning",
      text: `name: "net"; ▶;
layer { name ▶"c" type ▶= "ReLU" bottom: "x" top: "y" relu_param ▶= { negative_slope: 0.5 ▶>
}
input_dim: [1 ▶2,▶, 3▶; 4, ▶]
`,
      fixed: `name: "net"; 
layer { name: "c" type : "ReLU" bottom: "x" top: "y" relu_param : { negative_slope: 0.5 }
}
input_dim: [1, 2, 3, 4 ]
`,
    },
    quotes: {
      severity: "warning",
      text: `name: ▶VGG-16
layer { name: "p" type: "Pooling" pooling_param { pool: ▶"MAX" kernel_size: ▶'3' global_pooling: ▶"false" } }
layer { name: "d" type: "Data" data_param { source: ▶C:\\data\\new } }
`,
      fixed: `name: "VGG-16"
layer { name: "p" type: "Pooling" pooling_param { pool: MAX kernel_size: 3 global_pooling: false } }
layer { name: "d" type: "Data" data_param { source: "C:\\\\data\\\\new" } }
`,
    },
    spelling: {
      severity: "warning",
      text: `force_backward: ▶TRUE
layer { convolution_param { num_output: ▶64.0 pad: ▶+1 bias_term: ▶no } pooling_param { pool: ▶max } power_param { shift: ▶-0x10 } }
`,
      fixed: `force_backward: true
layer { convolution_param { num_output: 64 pad: 1 bias_term: false } pooling_param { pool: MAX } power_param { shift: -16 } }
`,
    },
    "spaces of Unicode": {
      severity: "warning",
      text: 'layer { name:▶\u00a0\u3000"a" }\n',
      fixed: 'layer { name: "a" }\n',
    },
    "the same said twice, and a list for one value": {
      severity: "warning",
      text: `layer {
  name: "p"
  type: "Pooling"
  ▶type: "Pooling"
  pooling_param { stride: 2 ▶stride: 2 kernel_size: ▶[3] }
}
`,
      fixed: `layer {
  name: "p"
  type: "Pooling"
  pooling_param { stride: 2 kernel_size: 3 }
}
`,
    },
    "two values for one field, of which it is unknown which is meant": {
      severity: "warning",
      text: `layer { pooling_param { stride: 2 ▶stride: 3 pad: ▶[0, 1] } }
`,
      says: ["stride is given again", "gives up"],
    },
    "what has no plain meaning": {
      text: `layer { name: "p" type: "Pooling" pooling_param { pool: ▶AVE_EXC kernel_size: ▶wide } }
layer { name: "q" type: "ReLU" ▶bottom }
`,
      says: ["AVE_EXC is none of MAX, AVE, STOCHASTIC", "a default may stand in its place"],
    },
    "rules of both kinds": {
      text: `▶layer { name: "a" type: "ReLU" bottom: "x" top: "y" include { phase: TRAIN } exclude { stage: "s" } }
`,
      says: ['layer "a" (ReLU) has include rules and exclude rules'],
    },
    "no layers": {
      text: '▶name: "net"\n',
      says: ["the net has no layers", "Caffe does, and computes nothing"],
    },
    "an old input without a shape": {
      text: `▶input: "a"
input: "b"
input_dim: 1 input_dim: 2
`,
      says: ['input "a" has no shape'],
    },
  },
});

describe("caffe-refuses", () => {
  test.each([
    ["a brace", 'layer { name: "a" type = "ReLU" bottom: "x" top: "x"\n'],
    ["a quote", 'name = "net\nlayer { name: "a" type: "ReLU" bottom: "x" top: "x" }\n'],
  ])("repairs nothing where %s is open", async (_, text) => {
    const result = await fixText(text, undefined, [caffeRefuses], {}, lintContext());
    expect(result.text).toBe(text);
    expect(result.findings.map(({ fixable }) => fixable)).toEqual([false, false]);
  });

  test("takes a byte order mark away, and repairs what is behind it on its line", async () => {
    const text = '\ufefflayer { name = "a" }\n';
    const result = await fixText(text, undefined, [caffeRefuses], {}, lintContext());
    expect(result.text).toBe('layer { name : "a" }\n');
    expect(result.fixed.map(({ line, column }) => `${line}:${column}`)).toEqual(["1:1", "1:14"]);
    expect(result.findings).toEqual([]);
  });
});
