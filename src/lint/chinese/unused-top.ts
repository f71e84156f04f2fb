import type { ChineseRule } from "./template.js";

export const unusedTop: ChineseRule = {
  summary: "训练中的某个 top，或 BatchNorm、Scale 的 top，没有层读取，而它又不是有意的输出",
  texts: [
    ['{layer} makes "{name}", which no layer reads', '{layer} 产生 "{name}"，而没有层读取它'],
    [
      '{layers} reads "{name}" from before it, so nothing is normalized.',
      '{layers} 读取的是它之前的 "{name}"，所以没有做任何归一化。',
    ],
    [
      '{layers} read "{name}" from before it, so nothing is normalized.',
      '{layers} 读取的是它之前的 "{name}"，所以没有做任何归一化。',
    ],
    [
      '{layers} reads "{name}" from before it, so nothing is scaled.',
      '{layers} 读取的是它之前的 "{name}"，所以没有做任何缩放。',
    ],
    [
      '{layers} read "{name}" from before it, so nothing is scaled.',
      '{layers} 读取的是它之前的 "{name}"，所以没有做任何缩放。',
    ],
    ['Caffe takes "{name}" for an output of the net.', 'Caffe 会把 "{name}" 当作网络的输出。'],
    ['{n} layer is run for "{name}" alone.', '{n} 个层只为 "{name}" 而运行。'],
    ['{n} layers are run for "{name}" alone.', '{n} 个层只为 "{name}" 而运行。'],
    [
      '{n} layer is run for "{name}" alone, with {n2} parameters that no loss reaches and weight decay shrinks.',
      '{n} 个层只为 "{name}" 而运行，其中 {n2} 个参数不受任何损失影响，只会被权重衰减缩小。',
    ],
    [
      '{n} layers are run for "{name}" alone, with {n2} parameters that no loss reaches and weight decay shrinks.',
      '{n} 个层只为 "{name}" 而运行，其中 {n2} 个参数不受任何损失影响，只会被权重衰减缩小。',
    ],
    [
      "Caffe takes it for an output of the net, and logs {values}, one a line, at each display. To avoid this, let a Silence layer read it.",
      "Caffe 会把它当作网络的输出，每次 display 时把{values}逐行写入日志。要避免这样，请用一个 Silence 层读取它。",
    ],
    ["its values", "它的值"],
    ["its {values}", "它的 {values}"],
  ],
};
