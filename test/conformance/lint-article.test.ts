// The three classical ways to write conv → BatchNorm → Scale → ReLU, and a better one, all in place on the conv's top, in
// every place where they can stand: all rules find in them what there is to find, and the fixes make one text of the three.
import { describe, expect, test } from "vitest";
import { fixText } from "../../src/lint/fix.js";
import { lintText } from "../../src/lint/lint.js";
import { rules } from "../../src/lint/rules/index.js";
import { lintContext } from "../lint.js";

/** The line of `use_global_stats`, and the states that see the layer. */
const batchNorm = (globalStats: string, include = "") => `layer {
  bottom: "conv1_1"
  top: "conv1_1"
  name: "bn_conv1_1"
  type: "BatchNorm"${include}
  param {
    lr_mult: 0
    decay_mult: 0
  }
  param {
    lr_mult: 0
    decay_mult: 0
  }
  param {
    lr_mult: 0
    decay_mult: 0
  }${globalStats}
}
`;
const set = (value: boolean) => `
  batch_norm_param {
    use_global_stats: ${value}
  }`;

const block = (norm: string) => `layer {
  bottom: "data"
  top: "conv1_1"
  name: "conv1_1"
  type: "Convolution"
  param {
    lr_mult: 1
    decay_mult: 1
  }
  param {
    lr_mult: 2
    decay_mult: 0
  }
  convolution_param {
    num_output: 64
    pad: 1
    kernel_size: 3
    weight_filler {
      type: "xavier"
    }
    bias_filler {
      type: "constant"
      value: 0
    }
  }
}
${norm}layer {
  bottom: "conv1_1"
  top: "conv1_1"
  name: "scale_conv1_1"
  type: "Scale"
  param {
    lr_mult: 0.1
    decay_mult: 0
  }
  param {
    lr_mult: 0.1
    decay_mult: 0
  }
  scale_param {
    bias_term: true
  }
}
layer {
  bottom: "conv1_1"
  top: "conv1_1"
  name: "relu1_1"
  type: "ReLU"
}
`;

const better = (norm: string) =>
  block(norm)
    .replace(/ {2}param \{\n {4}lr_mult: 2\n {4}decay_mult: 0\n {2}\}\n/, "")
    .replace(/ {4}bias_filler \{[^}]*\}\n/, "    bias_term: false\n    stride: 2\n")
    .replace("xavier", "msra")
    .replaceAll("lr_mult: 0.1", "lr_mult: 1");

const classifier = `layer {
  name: "ip"
  type: "InnerProduct"
  bottom: "conv1_1"
  top: "ip"
  inner_product_param {
    num_output: 5
    weight_filler {
      type: "xavier"
    }
  }
}
`;
const loss = `layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
`;
const input = (name: string, ...dims: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${dims.map((dim) => `dim: ${dim}`).join(" ")} } } }
`;
const dummy = (phase: string) => `layer {
  name: "data"
  type: "DummyData"
  top: "data"
  top: "label"
  include { phase: ${phase} }
  dummy_data_param {
    shape { dim: 8 dim: 3 dim: 16 dim: 16 }
    shape { dim: 8 }
    data_filler { type: "gaussian" std: 1 }
    data_filler { type: "constant" value: 0 }
  }
}
`;

/** Where the block can stand. */
const places = {
  "a fragment": (text: string) => text,
  "a net for both phases": (text: string) => input("data", 8, 3, 16, 16) + input("label", 8) + text + classifier + loss,
  "a net with data for each phase": (text: string) => dummy("TRAIN") + dummy("TEST") + text + classifier + loss,
  "a net with data for TRAIN only": (text: string) => dummy("TRAIN") + text + classifier + loss,
  "a net with data for TEST only": (text: string) => dummy("TEST") + text + classifier + loss,
  "a deploy net": (text: string) =>
    `${input("data", 1, 3, 16, 16) + text + classifier}layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
`,
};

const forms = {
  training: block(batchNorm(set(false))),
  test: block(batchNorm(set(true))),
  simplified: block(batchNorm("")),
  better: better(batchNorm("")),
  "training and test, each in its phase": block(
    batchNorm(set(false), "\n  include { phase: TRAIN }") + batchNorm(set(true), "\n  include { phase: TEST }"),
  ),
};

type Form = keyof typeof forms;
type Place = keyof typeof places;

const biasWarning = "warning bias-before-bn";
const expected: readonly (readonly [Form, Place, ...findings: string[]])[] = [
  ["training", "a fragment", biasWarning, "warning batch-stats-in-test"],
  ["training", "a net for both phases", biasWarning, "warning batch-stats-in-test"],
  ["training", "a net with data for each phase", biasWarning, "warning batch-stats-in-test"],
  ["training", "a net with data for TRAIN only", biasWarning, "info redundant-global-stats"],
  ["training", "a net with data for TEST only", biasWarning, "warning batch-stats-in-test"],
  ["training", "a deploy net", "info bias-before-bn", "error batch-stats-in-test"],
  ["test", "a fragment", biasWarning, "warning global-stats-in-train"],
  ["test", "a net for both phases", biasWarning, "error global-stats-in-train"],
  ["test", "a net with data for each phase", biasWarning, "error global-stats-in-train"],
  ["test", "a net with data for TRAIN only", biasWarning, "error global-stats-in-train"],
  ["test", "a net with data for TEST only", biasWarning, "info redundant-global-stats"],
  ["test", "a deploy net", "info bias-before-bn", "info redundant-global-stats"],
  ["simplified", "a fragment", biasWarning],
  ["simplified", "a net for both phases", biasWarning],
  ["simplified", "a net with data for each phase", biasWarning],
  ["simplified", "a net with data for TRAIN only", biasWarning],
  ["simplified", "a net with data for TEST only", biasWarning],
  ["simplified", "a deploy net", "info bias-before-bn"],
  ["better", "a fragment"],
  ["better", "a net for both phases"],
  ["better", "a net with data for each phase"],
  ["better", "a net with data for TRAIN only"],
  ["better", "a net with data for TEST only"],
  ["better", "a deploy net"],
  [
    "training and test, each in its phase",
    "a net with data for each phase",
    ...[biasWarning, "info redundant-global-stats"],
  ],
];

const fix = (text: string) => fixText(text, undefined, rules, {}, lintContext());

for (const [form, place, ...findings] of expected) {
  describe(`the form ${form} in ${place}`, () => {
    const text = places[place](forms[form]);

    test(`has ${findings.join(", ") || "nothing to find"}`, async () => {
      const found = await lintText(text, undefined, rules, {}, lintContext());
      expect(found.map(({ rule, severity }) => `${severity} ${rule}`)).toEqual(findings);
      expect(found.every(({ fixable }) => fixable)).toBe(true);
    });

    test("has nothing left after its fixes", async () => {
      const fixed = await fix(text);
      expect(fixed.findings).toEqual([]);
      expect(fixed.fixed).toHaveLength(findings.length);
      expect(fixed.text === text).toBe(findings.length === 0);
    });
  });
}

test.each(Object.keys(places) as Place[])("fixes make one text of the three in %s", async (place) => {
  const [training, testing, simplified] = await Promise.all(
    (["training", "test", "simplified"] as const).map(async (form) => (await fix(places[place](forms[form]))).text),
  );
  expect(training).toBe(simplified);
  expect(testing).toBe(simplified);
  expect(simplified).toContain("bias_term: false");
  expect(simplified).not.toContain("use_global_stats");
});
