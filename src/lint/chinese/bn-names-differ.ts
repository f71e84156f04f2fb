import type { ChineseRule } from "./template.js";

export const bnNamesDiffer: ChineseRule = {
  summary: "BatchNorm 或其后的 Scale 在 TEST 中的名字与 TRAIN 或权重中的不同",
  texts: [
    [
      '{layer} has another name than in TRAIN, where "{name}" is in its place',
      '{layer} 的名字与 TRAIN 中的不同，那里对应的层是 "{name}"',
    ],
    [
      '{layer} has another name than in the weights, where "{name}" is in its place',
      '{layer} 的名字与权重中的不同，那里对应的层是 "{name}"',
    ],
    [
      '{layer} has another name in the test net, where "{name}" is in its place',
      '{layer} 在测试网络中的名字不同，那里对应的层是 "{name}"',
    ],
    [
      "Its parameters have the names of those in TRAIN, by which Moka finds them. Caffe does not: between two nets, and from a file, it goes by the names of layers alone.",
      "它的参数与 TRAIN 中的同名，Moka 据此找到它们。Caffe 不会：在两个网络之间以及从文件加载时，它只看层的名字。",
    ],
    [
      'A test net gets its parameters from the training net by the names of layers, so "{name}" gets nothing of "{name2}".',
      '测试网络按层的名字从训练网络取得参数，所以 "{name}" 得不到 "{name2}" 的任何参数。',
    ],
    [
      'Weights are copied by the names of layers, so "{name}" gets nothing of "{name2}".',
      '权重按层的名字复制，所以 "{name}" 得不到 "{name2}" 的任何参数。',
    ],
    [
      "Its γ and β stay as they are filled, 1 and 0 if no filler is given, and what is behind it has learned from other values.",
      "它的 γ 和 β 停留在填充的初值（没有给出 filler 时为 1 和 0），而其后的层是在别的值上学习的。",
    ],
    [
      "Its averages and its factor stay 0: in TEST y is x/√eps, here {n}·x, and nothing is normalized.",
      "它的滑动平均和 factor 一直是 0：在 TEST 中 y 为 x/√eps，这里是 {n}·x，没有做任何归一化。",
    ],
    [
      "Its averages and its factor stay 0: in TEST y is no number.",
      "它的滑动平均和 factor 一直是 0：在 TEST 中 y 是 NaN 或无穷大。",
    ],
  ],
};
