import { toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { MokaError } from "../../util/errors.js";
import { type Log, silent } from "../../util/log.js";
import {
  LayerParameterSchema,
  type NetParameter,
  NetParameterSchema,
  V1LayerParameter_LayerType,
} from "../gen/caffe_pb.js";
import { placeOf, sourceOf } from "../source.js";
import { formatNet, formatText, parseNet } from "../text/index.js";
import { needsNetUpgrade, upgradeNet, upgradeNetAsNeeded } from "./net.js";

function read(text: string): NetParameter {
  const { message, issues } = parseNet(text, { file: "old.prototxt" });
  expect(issues.filter(({ severity }) => severity === "error")).toEqual([]);
  return message;
}

/** The upgraded net of a text, on one line, with the log and the return value. */
function upgraded(text: string) {
  const lines: string[] = [];
  const log: Log = (severity, origin, message) => lines.push(`${severity} ${origin} ${message}`);
  const net = read(text);
  const complete = upgradeNetAsNeeded(net, "old.prototxt", log);
  return { net, text: oneLine(formatText(NetParameterSchema, net)), complete, lines };
}

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

function failure(text: string): MokaError {
  try {
    upgradeNet(read(text), "old.prototxt", silent);
  } catch (error) {
    if (error instanceof MokaError) return error;
    throw error;
  }
  throw new Error("upgraded without an error");
}

test("a current net does not change, and nothing is logged", () => {
  const text =
    'name: "n" layer { name: "a" type: "Data" data_param { scale: 2 } } layer { type: "BatchNorm" param { } }';
  const { net, lines, complete } = upgraded(text);
  expect(needsNetUpgrade(net)).toBe(false);
  expect(toBinary(NetParameterSchema, net)).toEqual(toBinary(NetParameterSchema, read(text)));
  expect(lines).toEqual([]);
  expect(complete).toBe(true);
});

describe("V0", () => {
  const v0 = (type: string, rest: string, io = 'bottom: "x" top: "y"') =>
    `input: "x" layers { layer { name: "l" type: "${type}" ${rest} } ${io} }`;

  test.each([
    [
      "conv",
      "biasterm: false weight_filler { std: 2 }",
      'type: "Convolution"',
      "convolution_param { bias_term: false weight_filler { std: 2 } }",
    ],
    [
      "innerproduct",
      "num_output: 3 biasterm: true bias_filler { value: 1 }",
      'type: "InnerProduct"',
      "inner_product_param { num_output: 3 bias_term: true bias_filler { value: 1 } }",
    ],
    [
      "pool",
      "pool: AVE kernelsize: 2 stride: 3 pad: 1",
      'type: "Pooling"',
      "pooling_param { pool: AVE kernel_size: 2 stride: 3 pad: 1 }",
    ],
    [
      "data",
      'source: "s" scale: 0.5 meanfile: "m" batchsize: 8 cropsize: 5 mirror: true rand_skip: 2',
      'type: "Data"',
      'transform_param { scale: 0.5 mirror: true crop_size: 5 mean_file: "m" } data_param { source: "s" batch_size: 8 rand_skip: 2 }',
    ],
    [
      "images",
      'source: "s" batchsize: 8 shuffle_images: true new_height: 3 new_width: 4 rand_skip: 2',
      'type: "ImageData"',
      'image_data_param { source: "s" batch_size: 8 rand_skip: 2 shuffle: true new_height: 3 new_width: 4 }',
    ],
    [
      "window_data",
      'det_fg_threshold: 0.1 det_bg_threshold: 0.2 det_fg_fraction: 0.3 det_context_pad: 4 det_crop_mode: "square"',
      'type: "WindowData"',
      'window_data_param { fg_threshold: 0.1 bg_threshold: 0.2 fg_fraction: 0.3 context_pad: 4 crop_mode: "square" }',
    ],
    ["hdf5_data", 'source: "s" batchsize: 8', 'type: "HDF5Data"', 'hdf5_data_param { source: "s" batch_size: 8 }'],
    [
      "hdf5_output",
      'hdf5_output_param { file_name: "f" }',
      'type: "HDF5Output"',
      'hdf5_output_param { file_name: "f" }',
    ],
    ["infogain_loss", 'source: "s"', 'type: "InfogainLoss"', 'infogain_loss_param { source: "s" }'],
    ["concat", "concat_dim: 0", 'type: "Concat"', "concat_param { concat_dim: 0 }"],
    ["lrn", "local_size: 3 alpha: 1 beta: 2 k: 4", 'type: "LRN"', "lrn_param { local_size: 3 alpha: 1 beta: 2 k: 4 }"],
    ["softmax_loss", "", 'type: "SoftmaxWithLoss"', ""],
    ["euclidean_loss", "", 'type: "EuclideanLoss"', ""],
    ["multinomial_logistic_loss", "", 'type: "MultinomialLogisticLoss"', ""],
    ["bnll", "", 'type: "BNLL"', ""],
    ["tanh", "", 'type: "TanH"', ""],
    ["im2col", "", 'type: "Im2col"', ""],
  ])("%s", (type, fields, newType, param) => {
    const { text, complete } = upgraded(v0(type, fields));
    expect(text).toBe(oneLine(`layer { name: "l" ${newType} bottom: "x" top: "y" ${param} }`));
    expect(complete).toBe(true);
  });

  test("logs what it did and what it left out, in Caffe's words; the rest is upgraded", () => {
    const { text, complete, lines } = upgraded(v0("relu", "num_output: 3 shuffle_images: true"));
    expect(text).toBe('layer { name: "l" type: "ReLU" bottom: "x" top: "y" }');
    expect(complete).toBe(false);
    expect(lines).toEqual([
      "info upgrade_proto.cpp:28 Attempting to upgrade input file specified using deprecated V0LayerParameter: old.prototxt",
      "error upgrade_proto.cpp:237 Unknown parameter num_output for layer type relu",
      "error upgrade_proto.cpp:458 Unknown parameter shuffle for layer type relu",
      "error upgrade_proto.cpp:33 Warning: had one or more problems upgrading V0NetParameter to NetParameter (see above); continuing anyway.",
      expect.stringMatching(
        /^warning upgrade_proto.cpp:39 Note that future Caffe releases will not support V0NetParameter/,
      ),
      "info upgrade_proto.cpp:55 Attempting to upgrade input file specified using deprecated V1LayerParameter: old.prototxt",
      "info upgrade_proto.cpp:63 Successfully upgraded file specified using deprecated V1LayerParameter",
      "info upgrade_proto.cpp:69 Attempting to upgrade input file specified using deprecated input fields: old.prototxt",
      "info upgrade_proto.cpp:72 Successfully upgraded file specified using deprecated input fields.",
      "warning upgrade_proto.cpp:74 Note that future Caffe releases will only support input layers and not input fields.",
    ]);
  });

  test("padding moves to each of its readers, even if its name is used again", () => {
    const pad = 'layers { layer { name: "p" type: "padding" pad: 2 } bottom: "x" top: "p" }';
    const conv = (name: string) =>
      `layers { layer { name: "${name}" type: "conv" pad: 1 } bottom: "p" top: "${name}" }`;
    const again =
      'layers { layer { name: "r" type: "relu" } bottom: "a" top: "p" } layers { layer { name: "c" type: "conv" } bottom: "p" top: "c" }';
    const { net } = upgraded(`input: "x" ${pad} ${conv("a")} ${conv("b")} ${again}`);
    expect(net.layer.map(({ name, bottom, convolutionParam }) => [name, bottom, convolutionParam?.pad])).toEqual([
      ["a", ["x"], [2]],
      ["b", ["x"], [2]],
      ["r", ["a"], undefined],
      ["c", ["p"], undefined],
    ]);
  });

  const pad = 'input: "x"\nlayers { layer { name: "p" type: "padding" pad: 2 } bottom: "x" top: "p" }\n';
  test.each([
    [v0("convolution", ""), 'old.prototxt:1:39: there is no layer type "convolution" among those of 2013'],
    [
      `${pad}layers { layer { name: "r" type: "relu" } bottom: "p" top: "r" }`,
      'old.prototxt:3:1: layer "r" (relu): reads a padding layer',
    ],
    [
      `${pad}layers { layer { name: "c" type: "conv" } bottom: "p" bottom: "x" top: "r" }`,
      'layer "c" (conv): reads a padding layer, so must have 1 bottom, not 2',
    ],
    [
      'input: "x" layers { layer { name: "p" type: "padding" } bottom: "x" top: "p" top: "q" } layers { layer { name: "c" type: "conv" } bottom: "p" top: "c" }',
      'layer "p" (padding): must have 1 bottom and 1 top, not 1 and 2',
    ],
    [
      `layers { layer { name: "c" type: "conv" } bottom: "z" top: "c" }`,
      'layer "c" (conv): bottom 0 is "z", which no layer above produces',
    ],
  ])("that Caffe gives up on: %s", (text, message) => {
    expect(failure(text).message).toContain(message);
  });

  test("places and comments are kept", () => {
    const { net } = upgraded(`input: "x"
# the first
layers {  # opens
  # inner
  layer { name: "c" type: "conv"
    num_output: 4  # few
    kernelsize: 3
    blobs_lr: 1
    blobs_lr: 2
    fork: 7 }
  bottom: "x"  # below
  top: "c"
}`);
    const layer = net.layer[0];
    expect(sourceOf(layer)?.place).toEqual({ file: "old.prototxt", line: 3, column: 1 });
    expect(placeOf(layer, "type")?.line).toBe(5);
    expect(placeOf(layer.convolutionParam ?? layer, "kernel_size")?.line).toBe(7);
    expect(placeOf(layer.param[1], "lr_mult")?.line).toBe(9);
    expect(formatNet(net)).toBe(`# the first
layer {  # opens
  name: "c"
  type: "Convolution"
  bottom: "x"  # below
  top: "c"
  param {
    lr_mult: 1
  }
  param {
    lr_mult: 2
  }
  convolution_param {
    num_output: 4
    kernel_size: 3
  }
  fork: 7
  # inner
  # few
}
`);
  });
});

describe("V1", () => {
  test("has a name for each type", () => {
    for (const [name, type] of Object.entries(V1LayerParameter_LayerType).filter(
      ([, type]) => typeof type === "number",
    )) {
      const { net } = upgraded(`layers { type: ${name} }`);
      expect(net.layer[0].type.toLowerCase().replace("withloss", "loss")).toBe(
        type === V1LayerParameter_LayerType.NONE ? "" : name.toLowerCase().replaceAll("_", ""),
      );
    }
    expect(upgraded("layers { }").text).toBe("layer { }");
    expect(upgraded("layers { type: NONE }").text).toBe('layer { type: "" }');
  });

  test("lists of names, share modes and multipliers become specs", () => {
    const text =
      'layers { name: "a" type: INNER_PRODUCT param: "w" blob_share_mode: STRICT blob_share_mode: PERMISSIVE blobs_lr: 1 blobs_lr: 2 blobs_lr: 3 weight_decay: 0 }';
    expect(upgraded(text).text).toBe(
      'layer { name: "a" type: "InnerProduct" param { name: "w" share_mode: STRICT lr_mult: 1 decay_mult: 0 } ' +
        "param { share_mode: PERMISSIVE lr_mult: 2 } param { lr_mult: 3 } }",
    );
  });

  test("every other field is copied: rules, weights of losses, parameters", () => {
    const fields = `bottom: "x" bottom: "y" top: "z" loss_weight: 2 include { phase: TEST } exclude { stage: "s" }
      blobs { num: 1 data: 3 } accuracy_param { top_k: 5 } argmax_param { } concat_param { axis: 2 }
      contrastive_loss_param { } convolution_param { } dropout_param { } dummy_data_param { } eltwise_param { }
      exp_param { } hdf5_data_param { } hinge_loss_param { } image_data_param { } infogain_loss_param { }
      inner_product_param { } lrn_param { } memory_data_param { } mvn_param { } pooling_param { } power_param { }
      relu_param { } sigmoid_param { } softmax_param { } slice_param { } tanh_param { } threshold_param { }
      window_data_param { } transform_param { } loss_param { } data_param { } hdf5_output_param { file_name: "f" }`;
    const { net } = upgraded(`layers { ${fields} }`);
    const wanted = read(`layer { ${fields} }`).layer[0];
    expect(toBinary(LayerParameterSchema, net.layer[0])).toEqual(toBinary(LayerParameterSchema, wanted));
  });

  test("with current layers is refused, at its place", () => {
    const error = failure('layer { name: "a" type: "ReLU" }\nlayers { name: "b" type: RELU }');
    expect(error.code).toBe("MOKA_FIELD");
    expect(error.message).toContain("old.prototxt:2:1: the net has layers of today's form");
  });

  test("places, comments and unknown fields are kept", () => {
    const { net } = upgraded(`layers {
  name: "a"  # its name
  type: RELU
  # learns slowly
  blobs_lr: 0.1
  fork_param { x: 1 }
}`);
    expect(placeOf(net.layer[0], "type")?.line).toBe(3);
    expect(placeOf(net.layer[0].param[0], "lr_mult")).toEqual({ file: "old.prototxt", line: 5, column: 3 });
    expect(formatNet(net)).toBe(`layer {
  name: "a"  # its name
  type: "ReLU"
  param {
    lr_mult: 0.1
  }
  fork_param {
    x: 1
  }
  # learns slowly
}
`);
  });
});

describe("transformation fields of V1 data layers", () => {
  test.each([
    ["DATA", "Data", "data_param"],
    ["IMAGE_DATA", "ImageData", "image_data_param"],
    ["WINDOW_DATA", "WindowData", "window_data_param"],
  ])("%s", (type, newType, param) => {
    const { text, lines } = upgraded(
      `layers { type: ${type} ${param} { source: "s" scale: 2 mean_file: "m" crop_size: 3 mirror: true } transform_param { scale: 1 mean_value: 4 } }`,
    );
    expect(text).toBe(
      `layer { type: "${newType}" transform_param { scale: 2 mirror: true crop_size: 3 mean_file: "m" mean_value: 4 } ${param} { source: "s" } }`,
    );
    expect(lines.slice(0, 3)).toEqual([
      "info upgrade_proto.cpp:46 Attempting to upgrade input file specified using deprecated transformation parameters: old.prototxt",
      "info upgrade_proto.cpp:49 Successfully upgraded file specified using deprecated data transformation parameters.",
      "warning upgrade_proto.cpp:51 Note that future Caffe releases will only support transform_param messages for transformation fields.",
    ]);
  });

  test("give all data layers both messages if one needs them, and none otherwise", () => {
    const old = "layers { type: DATA data_param { scale: 2 } } layers { type: IMAGE_DATA } layers { type: RELU }";
    expect(upgraded(old).text).toBe(
      'layer { type: "Data" transform_param { scale: 2 } data_param { } } ' +
        'layer { type: "ImageData" transform_param { } image_data_param { } } layer { type: "ReLU" }',
    );
    expect(upgraded('layers { type: DATA data_param { source: "s" } }').text).toBe(
      'layer { type: "Data" data_param { source: "s" } }',
    );
  });
});

describe("inputs", () => {
  test("with input_dim or input_shape become the first layer, at their place; alone they are dropped", () => {
    const layer = 'layer { name: "a" }';
    const { net, text } = upgraded(`name: "n"\ninput: "x" input: "y"\n${"input_dim: 2 ".repeat(8)}${layer}`);
    const shape = `shape { ${"dim: 2 ".repeat(4)}} `;
    expect(text).toBe(
      `name: "n" layer { name: "input" type: "Input" top: "x" top: "y" input_param { ${shape}${shape}} } ${layer}`,
    );
    expect(sourceOf(net.layer[0])?.place).toEqual({ file: "old.prototxt", line: 2, column: 1 });
    expect(upgraded(`input: "x" input_shape { dim: 7 } ${layer}`).net.layer[0].inputParam?.shape[0].dim).toEqual([7n]);
    expect(upgraded(`input: "x" ${layer}`).text).toBe(layer);
  });

  test("keep the comments around them", () => {
    const { net } = upgraded(
      'name: "n"\n# the image\ninput: "x"\ninput_dim: 1  # batch\ninput_dim: 2 input_dim: 3 input_dim: 4',
    );
    expect(formatNet(net)).toMatch(/^name: "n"\n# the image\n# batch\nlayer {\n {2}name: "input"\n/);
  });

  test.each([
    'input: "x"\ninput: "y" input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4',
    'input: "x"\ninput: "y" input_shape { dim: 1 }',
  ])("without a shape are refused: %s", (text) => {
    expect(failure(text).message).toBe(
      'old.prototxt:2:1: input "y" has no shape: give input_shape, or four input_dim, for each',
    );
  });
});

test("BatchNorm's three specs get multipliers of 0; two or four stay", () => {
  const { text, lines } = upgraded(
    'layer { type: "BatchNorm" param { name: "m" lr_mult: 1 } param { decay_mult: 2 } param { } } layer { type: "BatchNorm" param { lr_mult: 1 } }',
  );
  const zero = "lr_mult: 0 decay_mult: 0 }";
  expect(text).toBe(
    `layer { type: "BatchNorm" param { name: "m" ${zero} param { ${zero} param { ${zero} } layer { type: "BatchNorm" param { lr_mult: 1 } }`,
  );
  expect(lines).toEqual([
    "info upgrade_proto.cpp:79 Attempting to upgrade batch norm layers using deprecated params: old.prototxt",
    "info upgrade_proto.cpp:82 Successfully upgraded batch norm layers using deprecated params.",
  ]);
});
