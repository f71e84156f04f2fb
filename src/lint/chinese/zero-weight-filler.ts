import type { ChineseRule } from "./template.js";

export const zeroWeightFiller: ChineseRule = {
  summary: "学习权重的层没有 weight_filler：权重从 0 开始",
  texts: [
    ["{layer} has no weight_filler", "{layer} 没有 weight_filler"],
    [
      "{layer} and {n} more layer, of {n2} that learn weights, have no weight_filler",
      "{n2} 个学习权重的层中，{layer} 和另外 {n} 个层没有 weight_filler",
    ],
    [
      "{layer} and {n} more layers, of {n2} that learn weights, have no weight_filler",
      "{n2} 个学习权重的层中，{layer} 和另外 {n} 个层没有 weight_filler",
    ],
    [
      "The default is constant 0, so this net can only be trained on from a caffemodel that has these layers: from scratch no gradient gets back through weights of 0. Give the weights to `moka lint` (--weights) to have that checked.",
      "默认是常数 0，所以这个网络只能从含有这些层的 caffemodel 继续训练：从头训练时，梯度无法穿过为 0 的权重传回。把权重交给 `moka lint`（--weights）就可以检查这一点。",
    ],
    [
      "The default is constant 0, so this net can only be trained on from a caffemodel that has this layer: from scratch no gradient gets back through weights of 0. Give the weights to `moka lint` (--weights) to have that checked.",
      "默认是常数 0，所以这个网络只能从含有这个层的 caffemodel 继续训练：从头训练时，梯度无法穿过为 0 的权重传回。把权重交给 `moka lint`（--weights）就可以检查这一点。",
    ],
    ["{layer} has no weight_filler: its weights start at 0", "{layer} 没有 weight_filler：它的权重从 0 开始"],
    [
      "The default is constant 0, and {layers} that learns weights has a filler.",
      "默认是常数 0，而学习权重的 {layers}有 filler。",
    ],
    [
      "The default is constant 0, and {layers} that learn weights have a filler.",
      "默认是常数 0，而学习权重的 {layers}有 filler。",
    ],
    [
      'Until it is trained "{name}" is its bias alone, the same whatever comes in, and no gradient gets back through it to the layers before. The weights of two such layers one behind the other, whose biases start at 0, get none at all. Only weights from a caffemodel make up for it.',
      '在训练之前，"{name}" 只是它的偏置，与输入无关，也没有梯度穿过它传回其前的层。两个这样的层前后相接且偏置从 0 开始时，它们的权重根本得不到梯度。只有来自 caffemodel 的权重才能弥补。',
    ],
  ],
};
