import type { ChineseRule } from "./template.js";

export const phaseNamesDiffer: ChineseRule = {
  summary: "有参数的层在 TEST 中的名字与 TRAIN 中的不同，所以它从未被训练",
  texts: [
    [
      '{layer} has another name than in TRAIN, where "{name}" is in its place',
      '{layer} 的名字与 TRAIN 中的不同，那里对应的层是 "{name}"',
    ],
    [
      '{layer} has another name in the test net, where "{name}" is in its place',
      '{layer} 在测试网络中的名字不同，那里对应的层是 "{name}"',
    ],
    [
      "Its parameters have the names of those in TRAIN, by which Moka finds them. Caffe does not: between two nets it goes by the names of layers alone, and leaves these as their fillers made them.",
      "它的参数与 TRAIN 中的同名，Moka 据此找到它们。Caffe 不会：在两个网络之间它只看层的名字，这些参数就停留在 filler 填充的值上。",
    ],
    [
      'A test net gets its parameters from the training net by the names of layers. None is called "{name}", so it computes with what its filler made, whatever "{name2}" learns in the same place.',
      '测试网络按层的名字从训练网络取得参数。那里没有叫 "{name}" 的层，所以它用 filler 填充的值计算，与同一位置上的 "{name2}" 学到什么无关。',
    ],
  ],
};
