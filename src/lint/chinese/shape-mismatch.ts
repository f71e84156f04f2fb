import type { ChineseRule } from "./template.js";

export const shapeMismatch: ChineseRule = {
  summary: "层不接受它的 bottom、参数、数据或给定的权重",
  texts: [
    ["{layer} cannot share its parameters: {error}", "{layer} 无法共享参数：{error}"],
    [
      "Moka does not load the net, and Caffe aborts: a parameter of one name is one blob, with one lr_mult and decay_mult.",
      "Moka 不加载这个网络，Caffe 会中止：同名的参数是同一个 blob，只有一个 lr_mult 和 decay_mult。",
    ],
    ["{layer} cannot read its data: {error}", "{layer} 无法读取数据：{error}"],
    [
      "Moka does not load the net. Caffe aborts too, or takes something else from the file than was meant.",
      "Moka 不加载这个网络。Caffe 也会中止，或者从文件中读出与本意不同的内容。",
    ],
    ["{layer} does not take its bottoms: {error}", "{layer} 不接受它的 bottom：{error}"],
    ["{layer} cannot be made: {error}", "{layer} 无法建立：{error}"],
    [
      "Moka does not load the net; Caffe aborts when it sets up the layer, or reads beyond its blobs.",
      "Moka 不加载这个网络；Caffe 在设置这个层时会中止，或者读到 blob 之外。",
    ],
    ["It reads {bottoms}.", "它读取 {bottoms}。"],
    ["of a shape that is not known", "（形状未知）"],
    ["It reads no blobs.", "它不读取任何 blob。"],
    ["{layer} has {parameters}, but the weights {blobs} for it", "{layer} 有 {parameters}，而权重中它有 {blobs}"],
    [
      "{layer} has a parameter {n} of shape {shape}, but the weights one of {shape2}",
      "{layer} 的参数 {n} 形状为 {shape}，而权重中的形状为 {shape2}",
    ],
    [
      "Caffe aborts when it copies them, and Moka refuses the weights too.",
      "Caffe 在复制权重时会中止，Moka 也拒绝这份权重。",
    ],
    [
      "The layer was trained in another form, for example with or without bias_term. To learn it anew, rename the layer.",
      "这个层训练时的形式不同，例如有或没有 bias_term。要重新学习它，请给层改名。",
    ],
    [
      "The layer was trained with another number of outputs, another kernel, or other bottoms. To learn it anew, rename the layer.",
      "这个层训练时的输出数目、卷积核或 bottom 不同。要重新学习它，请给层改名。",
    ],
  ],
};
