import { describe, expect, test } from "vitest";
import { changeFields, readFields } from "./change-fields.js";

const net = `# a net
layer {
  name: "conv"
  type: "Convolution"
  convolution_param { num_output: 4 bias_filler { type: "constant" } } # kept
}
layer {
  name: "bn"
  type: "BatchNorm"
  batch_norm_param {
    use_global_stats: true
  }
}
layer { name: "scale" type: "Scale" param { lr_mult: 1 } scale_param { bias_term: true } }
layer { name: "d" type: "Data" include { phase: TRAIN } data_param { batch_size: 50 } }
layer { name: "d" type: "Data" include { phase: TEST } data_param { batch_size: 100 } }
`;

test("a field that is given is replaced, one that is missing is added, with the messages around it", () => {
  const changed = changeFields(net, [
    { layers: { type: "BatchNorm" }, path: ["batch_norm_param", "use_global_stats"], value: "false" },
    { layers: { type: "BatchNorm" }, path: ["batch_norm_param", "moving_average_fraction"], value: "0.9" },
    { layers: { name: "conv" }, path: ["convolution_param", "bias_term"], value: "true" },
  ]);
  expect(changed).toContain("    use_global_stats: false\n    moving_average_fraction: 0.9\n");
  expect(changed).toContain('bias_filler { type: "constant" } bias_term: true } # kept');
  expect(changed.startsWith("# a net\n")).toBe(true);
});

test("a field is removed, and with it a message that is empty then", () => {
  const changed = changeFields(net, [
    { layers: { name: "bn" }, path: ["batch_norm_param", "use_global_stats"], value: undefined },
    { layers: { name: "conv" }, path: ["convolution_param", "bias_filler"], value: undefined },
  ]);
  expect(changed).toContain('layer {\n  name: "bn"\n  type: "BatchNorm"\n}\n');
  expect(changed).toContain("convolution_param { num_output: 4 } # kept");
});

test("layers are chosen by phase", () => {
  const changed = changeFields(net, [
    { layers: { type: "Data", phase: "TRAIN" }, path: ["data_param", "batch_size"], value: "1" },
  ]);
  expect(changed).toContain("data_param { batch_size: 1 } }");
  expect(changed).toContain("data_param { batch_size: 100 } }");
});

describe("a repeated message", () => {
  const specs = (value: readonly string[] | undefined, name: string) =>
    changeFields(net, [{ layers: { name }, path: ["param"], value }]).split("\n");

  test("gets as many values as are wanted", () => {
    const value = ["{ lr_mult: 1 decay_mult: 0 }", "{ lr_mult: 1 decay_mult: 0 }"];
    expect(specs(value, "scale").find((line) => line.includes('"scale"'))).toBe(
      'layer { name: "scale" type: "Scale" param { lr_mult: 1 decay_mult: 0 } param { lr_mult: 1 decay_mult: 0 } scale_param { bias_term: true } }',
    );
    expect(specs(value.slice(0, 1), "bn").slice(8, 11)).toEqual([
      '  type: "BatchNorm"',
      "  param { lr_mult: 1 decay_mult: 0 }",
      "  batch_norm_param {",
    ]);
  });

  test("is removed", () => {
    expect(specs(undefined, "scale").find((line) => line.includes('"scale"'))).toBe(
      'layer { name: "scale" type: "Scale" scale_param { bias_term: true } }',
    );
  });
});

test("fields of the file itself, as of a solver", () => {
  expect(
    changeFields("base_lr: 0.1 # rate\nmax_iter: 5\n", [
      { path: ["base_lr"], value: "0.2" },
      { path: ["gamma"], value: "0.5" },
    ]),
  ).toBe("base_lr: 0.2 # rate\nmax_iter: 5\ngamma: 0.5\n");
});

test("a broken text is changed where it can be, and never a cause of an error", () => {
  for (const text of ["", "layer {", 'layer { type: "BatchNorm" batch_norm_param', "}}}", net.slice(0, 200)]) {
    expect(
      typeof changeFields(text, [{ layers: { type: "BatchNorm" }, path: ["batch_norm_param", "eps"], value: "1" }]),
    ).toBe("string");
  }
});

test("fields are read as they are written, one value a layer", () => {
  const queries = [
    { layers: { type: "Data" }, path: ["data_param", "batch_size"] },
    { layers: { type: "BatchNorm" }, path: ["batch_norm_param", "eps"] },
    { layers: { name: "conv" }, path: ["convolution_param", "bias_filler", "type"] },
    { path: ["base_lr"] },
  ];
  expect(readFields(net, queries)).toEqual([["50", "100"], [undefined], ["constant"], [undefined]]);
  expect(readFields("base_lr: -0.5 base_lr: 2\n", queries.slice(3))).toEqual([["2"]]);
});
