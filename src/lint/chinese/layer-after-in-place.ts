import type { ChineseRule } from "./template.js";

export const layerAfterInPlace: ChineseRule = {
  summary: "原位计算的层覆盖了自己或其他层还需要的值",
  texts: [
    [
      '{layer} cannot work in place: its top "{name}" is its bottom',
      '{layer} 不能原位计算：它的 top "{name}" 就是它的 bottom',
    ],
    [
      "Moka refuses the net. Caffe aborts for some types, as Reshape and Flatten, and lets others run, most of which then read what they have written already, in forward or in backward. Give the top a name of its own.",
      "Moka 拒绝这个网络。对 Reshape、Flatten 等类型，Caffe 会中止；其他类型则照常运行，但大多会在前向或反向计算中读到自己已经写过的值。请给 top 单独起个名字。",
    ],
    [
      '{layer} works in place on "{name}", which {layer2} reads as well',
      '{layer} 对 "{name}" 做原位计算，而 {layer2} 也要读取它',
    ],
    [
      '{layer} works in place on "{name}", which has a loss_weight',
      '{layer} 对 "{name}" 做原位计算，而它带有 loss_weight',
    ],
    [
      'Caffe gives each reader of a blob, its loss_weight among them, a name of its own for it, "{name}" and so on, so that "{name2}" is no longer the bottom of "{name3}": it aborts with "Top blob \'{name4}\' produced by multiple sources", and Moka refuses the net too. Give the top of "{name5}" another name, and let those read it that want what it makes.',
      'Caffe 会给一个 blob 的每个读取者（包括 loss_weight）各起一个名字，如 "{name}" 等，于是 "{name2}" 不再是 "{name3}" 的 bottom：它报错中止，"Top blob \'{name4}\' produced by multiple sources"，Moka 也拒绝这个网络。请给 "{name5}" 的 top 换个名字，让需要其结果的层去读它。',
    ],
    [
      '{layer} overwrites "{name}", which {layer2} needs for its forward',
      '{layer} 覆盖了 "{name}"，而 {layer2} 的前向计算还需要它',
    ],
    [
      '{layer} overwrites "{name}", which {layer2} needs for its gradient',
      '{layer} 覆盖了 "{name}"，而 {layer2} 计算梯度还需要它',
    ],
    [
      'Reshape, Flatten and Split copy nothing: their tops are the memory of their bottoms. So what is done in place on one of them is done to all, and "{name}", which runs later, reads what "{name2}" made. Give the top of "{name3}" another name.',
      'Reshape、Flatten 和 Split 不复制数据：它们的 top 就是 bottom 的内存。所以对其中一个做原位计算，就等于对所有的都做了，而随后运行的 "{name}" 读到的是 "{name2}" 的结果。请给 "{name3}" 的 top 换个名字。',
    ],
    [
      'The gradient of "{name}" goes through where "{name2}" is above 0, looked up in backward: by then that is what "{name3}" made of it.',
      '"{name}" 的梯度只在 "{name2}" 大于 0 的地方通过，这要在反向计算时查看：而那时它已经是 "{name3}" 改写后的值。',
    ],
    [
      'The gradient of "{name}" is computed from the values of "{name2}" in backward, and by then those are what "{name3}" made of them.',
      '"{name}" 的梯度在反向计算时由 "{name2}" 的值算出，而那时它们已经是 "{name3}" 改写后的值。',
    ],
    [
      'Nothing is logged, the net trains by wrong gradients, in Caffe and, as it computes what Caffe does, in Moka. Give the top of "{name}" a name of its own.',
      '日志中没有任何提示，网络按错误的梯度训练：Caffe 如此，Moka 的计算与 Caffe 一致，所以也如此。请给 "{name}" 的 top 单独起个名字。',
    ],
    [
      '{layer} adds "{name}" as {layer2} left it in place, not the sum of "{name2}"',
      '{layer} 加上的是 {layer2} 原位计算之后的 "{name}"，而不是 "{name2}" 的和',
    ],
    [
      'A shortcut takes the blob as it is by then: after {names}, which work in place on the top of "{name}". In residual nets that normalize before they convolve (He et al. 2016b) the shortcut takes the sum itself. If that is meant, give the top of "{name2}" a name of its own, and let the layers of the block read that.',
      '捷径取到的是 blob 当时的内容：即经过 {names} 之后，它们对 "{name}" 的 top 做了原位计算。在先归一化再卷积的残差网络（He et al. 2016b）中，捷径取的是和本身。如果本意如此，请给 "{name2}" 的 top 单独起个名字，让残差块中的层读取它。',
    ],
    [
      "{layer} works in place, although its gradient needs what that overwrites",
      "{layer} 做原位计算，而它的梯度需要被覆盖的值",
    ],
    [
      "In backward Caffe reads its top for its bottom, or the bottom's diff for the top's, since in place both are one. That gives another gradient, and nothing is logged. Moka computes the right one, so that it trains otherwise than Caffe here. Give the top a name of its own.",
      "在反向计算中，由于原位计算时两者是同一块内存，Caffe 把 top 当作 bottom 来读，或者把 bottom 的 diff 当作 top 的 diff。得到的是另一个梯度，日志中也没有任何提示。Moka 计算正确的梯度，所以在这里的训练与 Caffe 不同。请给 top 单独起个名字。",
    ],
    [
      "In backward Caffe looks up in its bottom where it let values through, and in place finds its top there, whose values all are let through: the gradient passes everywhere, and nothing is logged. Moka does the same. Give the top a name of its own.",
      "在反向计算中，Caffe 到 bottom 里查看哪些值曾经通过，而原位计算时那里是 top，其中的值全都会通过：梯度处处通过，日志中也没有任何提示。Moka 的做法相同。请给 top 单独起个名字。",
    ],
  ],
};
