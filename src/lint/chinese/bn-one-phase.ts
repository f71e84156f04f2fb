import type { ChineseRule } from "./template.js";

export const bnOnePhase: ChineseRule = {
  summary: "BatchNorm 或其后的 Scale 只存在于 TRAIN 和 TEST 之一",
  texts: [
    ["{layer} is in TEST only, so it is never trained", "{layer} 只在 TEST 中，所以从未被训练"],
    [
      "TRAIN leaves it out: nothing gathers its averages, mean and variance count as 0, and it divides by √eps = {n}, which makes values {n2} times as large. What is behind it has learned from other values.",
      "TRAIN 中没有它：没有谁为它收集滑动平均，均值和方差都被当作 0，它除以 √eps = {n}，使数值变为 {n2} 倍。其后的层是在别的值上学习的。",
    ],
    [
      "One layer for both phases normalizes by the batch in TRAIN, and by its averages in TEST; two layers need one name for that.",
      "两个阶段共用一个层时，它在 TRAIN 中按批次归一化，在 TEST 中用滑动平均；用两个层就必须同名。",
    ],
    ["{layer} is in TRAIN only, and missing in TEST", "{layer} 只在 TRAIN 中，TEST 中没有"],
    [
      "What is behind it learns from values that have mean 0 and variance 1 in each channel of a batch, and gets in TEST what {layer} puts out.",
      "其后的层是在批次内每个通道均值为 0、方差为 1 的值上学习的，在 TEST 中得到的却是 {layer} 的输出。",
    ],
    [
      "What is behind it learns from values that have mean 0 and variance 1 in each channel of a batch, and gets in TEST what the layer before it puts out.",
      "其后的层是在批次内每个通道均值为 0、方差为 1 的值上学习的，在 TEST 中得到的却是前一层的输出。",
    ],
    [
      '{layer} behind BatchNorm "{name}" is in TRAIN only, and missing in TEST',
      'BatchNorm "{name}" 之后的 {layer} 只在 TRAIN 中，TEST 中没有',
    ],
    [
      '{layer} behind BatchNorm "{name}" is in TEST only, so it is never trained',
      'BatchNorm "{name}" 之后的 {layer} 只在 TEST 中，所以从未被训练',
    ],
    [
      "It learns γ and β by which it scales and shifts each channel, and TEST does neither: what is behind it gets other values than those it has learned from.",
      "它学习 γ 和 β，对每个通道缩放和平移，而 TEST 两样都不做：其后的层得到的值与学习时的不同。",
    ],
    [
      "Its γ and β stay as they are filled or loaded. If they are other than 1 and 0, TEST computes something else than what was trained.",
      "它的 γ 和 β 停留在填充或加载的值上。如果它们不是 1 和 0，TEST 的计算就与训练的不同。",
    ],
  ],
};
