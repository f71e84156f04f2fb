import type { ChineseRule } from "./template.js";

export const labelGradient: ChineseRule = {
  summary: "某个层必须把梯度传到没有梯度的地方：标签或索引，或穿过 Threshold",
  texts: [
    ['{layer} has propagate_down: true for {what} "{name}"', '{layer} 对{what} "{name}" 设置了 propagate_down: true'],
    [
      '{layer} reads {what} "{name}" from {layer2}, which a gradient would go back to',
      '{layer} 从 {layer2} 读取{what} "{name}"，梯度会传回那里',
    ],
    [
      'Caffe stops in the first backward with "{error}", and Moka refuses the net too: labels are classes or targets, for which this loss has no gradient.',
      'Caffe 在第一次反向计算时中止："{error}"，Moka 也拒绝这个网络：标签是类别或目标值，这种损失对它们没有梯度。',
    ],
    [
      "Caffe stops in the first backward, and Moka refuses the net too: {type} has no gradient for {what}.",
      "Caffe 在第一次反向计算时中止，Moka 也拒绝这个网络：{type} 对{what}没有梯度。",
    ],
    [
      'Give the layers that read "{name}" propagate_down: false for it, if what is before need not learn through it.',
      '如果其前的层不需要经由它学习，请在读取 "{name}" 的层中为它设置 propagate_down: false。',
    ],
    [
      'Give it {flags}, if "{name}" is meant as a fixed target; or are its bottoms swapped?',
      '如果 "{name}" 本来就是固定的目标，请给这个层加上 {flags}；还是它的 bottom 写反了？',
    ],
    [
      'Give it {flags}, if "{name}" is meant as a fixed input; or are its bottoms swapped?',
      '如果 "{name}" 本来就是固定的输入，请给这个层加上 {flags}；还是它的 bottom 写反了？',
    ],
    [
      'Give it {flags}, if "{name}" is meant as a fixed target.',
      '如果 "{name}" 本来就是固定的目标，请给这个层加上 {flags}。',
    ],
    [
      'Give it {flags}, if "{name}" is meant as a fixed input.',
      '如果 "{name}" 本来就是固定的输入，请给这个层加上 {flags}。',
    ],
    [
      "Nothing before it learns, but {layer} has {specs} for its 3 parameters, and Caffe counts a missing one as lr_mult 1 here; three of lr_mult: 0 keep it from that.",
      "它之前没有任何参数要学习，但 {layer} 的 3 个参数只有 {specs}，Caffe 在这里把缺少的当作 lr_mult 为 1；写三个 lr_mult: 0 的 param 就可以避免。",
    ],
    ["its labels", "它的标签"],
    ["its targets", "它的目标值"],
    ["its indices", "它的索引"],
    ["its selector", "它的选择器"],
    ["its matrix", "它的矩阵"],
    ["its weights", "它的权重"],
    ["its inside weights", "它的内权重"],
    ["its outside weights", "它的外权重"],
    ["its priors", "它的先验框"],
    ["its true boxes", "它的真实框"],
    ["its marks", "它的标记"],
    ["its numbers of marked pixels", "它的标记像素数"],
    ["its bottom", "它的 bottom"],
  ],
};
