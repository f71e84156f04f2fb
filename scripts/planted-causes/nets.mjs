// The nets, each with its data. They are trained with Moka's solver in a few seconds.
const specs = "param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 }";

const layer = (name, type, bottom, top, rest = "") =>
  `layer { name: "${name}" type: "${type}" ${[bottom]
    .flat()
    .map((each) => `bottom: "${each}"`)
    .join(" ")} top: "${top}" ${rest} }\n`;

/** BatchNorm, Scale and, where asked for, ReLU, in place. */
const norm = (name, blob, { relu = true, rules = specs } = {}) =>
  layer(`bn_${name}`, "BatchNorm", blob, blob, `${rules} batch_norm_param { moving_average_fraction: 0.95 }`) +
  layer(`scale_${name}`, "Scale", blob, blob, "scale_param { bias_term: true }") +
  (relu ? layer(`relu_${name}`, "ReLU", blob, blob) : "");

const conv = (name, bottom, fields, rules = "", top = name) =>
  layer(
    name,
    "Convolution",
    bottom,
    top,
    `${rules} convolution_param { ${fields} bias_term: false weight_filler { type: "msra" } }`,
  );

const ip = (name, bottom, outputs, filler = "msra", rules = "", top = name) =>
  layer(
    name,
    "InnerProduct",
    bottom,
    top,
    `${rules} inner_product_param { num_output: ${outputs} weight_filler { type: "${filler}" } }`,
  );

const pool = (name, bottom, fields) => layer(name, "Pooling", bottom, name, `pooling_param { ${fields} }`);

const classifier =
  layer("loss", "SoftmaxWithLoss", ["f", "label"], "loss") +
  layer("accuracy", "Accuracy", ["f", "label"], "accuracy", "include { phase: TEST }");

const convBody =
  conv("c1", "data", "num_output: 8 kernel_size: 5 stride: 2") +
  norm("1", "c1") +
  conv("c2", "c1", "num_output: 12 kernel_size: 3 pad: 1") +
  norm("2", "c2") +
  pool("p", "c2", "pool: MAX kernel_size: 2 stride: 2") +
  conv("c3", "p", "num_output: 16 kernel_size: 3") +
  norm("3", "c3") +
  ip("f", "c3", 10, "xavier") +
  classifier;

const ipBody =
  ip("i1", "data", 48) +
  norm("1", "i1") +
  ip("i2", "i1", 32) +
  norm("2", "i2") +
  ip("f", "i2", 10, "xavier") +
  classifier;

const block = (name, bottom) =>
  conv(`${name}a`, bottom, "num_output: 12 kernel_size: 3 pad: 1") +
  norm(`${name}a`, `${name}a`) +
  conv(`${name}b`, `${name}a`, "num_output: 12 kernel_size: 3 pad: 1") +
  norm(`${name}b`, `${name}b`, { relu: false }) +
  layer(`${name}sum`, "Eltwise", [bottom, `${name}b`], `${name}sum`) +
  layer(`${name}relu`, "ReLU", `${name}sum`, `${name}sum`);

const residualBody =
  conv("c0", "data", "num_output: 12 kernel_size: 5 stride: 2") +
  norm("0", "c0") +
  pool("p0", "c0", "pool: MAX kernel_size: 2 stride: 2") +
  block("r1", "p0") +
  block("r2", "r1sum") +
  pool("p", "r2sum", "pool: AVE kernel_size: 3 stride: 3") +
  ip("f", "p", 10, "xavier") +
  classifier;

const branch = (end, input) =>
  conv(`c1${end}`, input, "num_output: 8 kernel_size: 5 stride: 2", 'param { name: "w1" }') +
  norm(`1${end}`, `c1${end}`) +
  pool(`p1${end}`, `c1${end}`, "pool: MAX kernel_size: 2 stride: 2") +
  ip(`i2${end}`, `p1${end}`, 32, "msra", 'param { name: "w2" } param { name: "b2" }') +
  norm(`2${end}`, `i2${end}`) +
  ip(`feat${end}`, `i2${end}`, 4, "xavier", 'param { name: "w3" } param { name: "b3" }');

const siameseBody =
  `layer { name: "slice" type: "Slice" bottom: "data" top: "left" top: "right" slice_param { slice_dim: 1 slice_point: 1 } }\n` +
  branch("", "left") +
  branch("_p", "right") +
  layer("loss", "ContrastiveLoss", ["feat", "feat_p", "label"], "loss", "contrastive_loss_param { margin: 1 }");

const detectorBody =
  conv("c1", "data", "num_output: 8 kernel_size: 3 pad: 1 stride: 2") +
  norm("1", "c1") +
  conv("c2", "c1", "num_output: 16 kernel_size: 3 pad: 1 stride: 2") +
  norm("2", "c2") +
  conv("c3", "c2", "num_output: 16 kernel_size: 3 pad: 1") +
  norm("3", "c3") +
  `layer { name: "f" type: "Convolution" bottom: "c3" top: "f" convolution_param { num_output: 4 kernel_size: 1 weight_filler { type: "xavier" } } }\n` +
  layer("loss", "SoftmaxWithLoss", ["f", "label"], "loss") +
  layer("accuracy", "Accuracy", ["f", "label"], "accuracy", "include { phase: TEST }");

/** `trained`: the number of images to train on, 2000 otherwise. `middle`: a BatchNorm in the middle, and what is around it. */
export const nets = {
  conv: {
    body: convBody,
    data: "gray",
    classes: 10,
    transform: { scale: 1 / 256, means: [0] },
    middle: { norm: "bn_2", before: "c2", scale: "scale_2", relu: "relu_1" },
    rate: 0.02,
    iterations: 200,
  },
  ip: {
    body: ipBody,
    data: "gray",
    // With fewer images it learns them by heart.
    trained: 8000,
    classes: 10,
    transform: { scale: 1 / 256, means: [0] },
    middle: { norm: "bn_1", before: "i1", scale: "scale_1", relu: "relu_1" },
    rate: 0.02,
    iterations: 250,
  },
  residual: {
    body: residualBody,
    data: "colored",
    classes: 10,
    transform: { scale: 1 / 128, means: [150, 105, 70] },
    middle: { norm: "bn_r1a", before: "r1a", scale: "scale_r1a", relu: "relu_r1a" },
    rate: 0.03,
    iterations: 200,
  },
  siamese: {
    body: siameseBody,
    data: "pairs",
    classes: 2,
    transform: { scale: 1 / 256, means: [0] },
    middle: { norm: "bn_1", before: "c1", scale: "scale_1", relu: "relu_1" },
    rate: 0.02,
    iterations: 500,
  },
  detector: {
    body: detectorBody,
    data: "scenes",
    classes: 4,
    transform: { scale: 1 / 255, means: [0] },
    middle: { norm: "bn_2", before: "c2", scale: "scale_2", relu: "relu_1" },
    rate: 0.05,
    iterations: 400,
  },
};

/** The text of a data layer. HDF5Data reads values as they are; the list is of values that were transformed before. */
export function dataLayer(phase, source, batch, { scale, means }, isArrays) {
  const tops = `top: "data" top: "label" include { phase: ${phase} }`;
  if (isArrays)
    return `layer { name: "data" type: "HDF5Data" ${tops} hdf5_data_param { source: "${source}" batch_size: ${batch} } }\n`;
  const mean = means.some((value) => value !== 0) ? means.map((value) => `mean_value: ${value}`).join(" ") : "";
  return (
    `layer { name: "data" type: "Data" ${tops} transform_param { scale: ${scale} ${mean} }` +
    ` data_param { source: "${source}" batch_size: ${batch} backend: LMDB } }\n`
  );
}
