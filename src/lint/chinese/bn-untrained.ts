import type { ChineseRule } from "./template.js";

export const bnUntrained: ChineseRule = {
  summary: "权重中没有 BatchNorm 的滑动平均，或其 factor 为 0，因此被当作 0",
  texts: [
    ["{layer} gets no averages from the weights", "{layer} 从权重中得不到滑动平均"],
    ['; did you mean "{name}"?', '；是否想写 "{name}"？'],
    [
      "Weights are copied by the names of layers, and they have none of this name. Until it has run in TRAIN by the batch, its averages count as 0 and y is x/√eps, here {n}·x.",
      "权重按层的名字复制，而其中没有这个名字。在它按批次在 TRAIN 中运行之前，它的滑动平均被当作 0，y 为 x/√eps，这里是 {n}·x。",
    ],
    [
      "It is right for a layer that is new, and that finetuning will fill.",
      "如果这是新加的、将由微调来填充的层，那就没有问题。",
    ],
    [
      "{layer} has a factor of 0 in the weights, so its averages count as 0",
      "{layer} 在权重中的 factor 为 0，因此它的滑动平均被当作 0",
    ],
    [
      "{layer} has a factor of 0 in the weights, though its mean and variance are not 0",
      "{layer} 在权重中的 factor 为 0，尽管它的均值和方差不为 0",
    ],
    [
      "With s = 0, M/s and V/s are taken as 0 and y is x/√eps, here {n}·x: nothing is normalized.",
      "s = 0 时，M/s 和 V/s 被当作 0，y 为 x/√eps，这里是 {n}·x：没有做任何归一化。",
    ],
    [
      "Its sums are 0 too: it has made no forward in TRAIN since it was made, or was copied from such weights.",
      "它的累加和也是 0：它自建立以来没有在 TRAIN 中做过前向计算，或者是从这样的权重复制来的。",
    ],
    [
      "A program that converted them has left the factor out; as mean and variance are written as they are, it is 1. With --weights, `moka fix` sets it.",
      "转换权重的程序漏掉了 factor；既然均值和方差是直接写入的，它就应为 1。使用 --weights 时，`moka fix` 会把它设好。",
    ],
  ],
};
