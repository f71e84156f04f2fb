import type { ChineseRule } from "./template.js";

export const bnNeedsBackward: ChineseRule = {
  summary: "BatchNorm 没有三个 param，使 Caffe 在没有任何参数要学习的地方也执行反向计算",
  texts: [
    [
      "{layer} has no param specs, so that Caffe runs {layers} backward where nothing learns",
      "{layer} 没有 param，因此 Caffe 会在没有参数要学习的地方反向计算 {layers}",
    ],
    [
      "{layer} has {specs} of 3, so that Caffe runs {layers} backward where nothing learns",
      "{layer} 在三个 param 中只有 {specs}，因此 Caffe 会在没有参数要学习的地方反向计算 {layers}",
    ],
    [
      " has no param specs, so that Caffe runs {layers} backward where nothing learns",
      "没有 param，因此 Caffe 会在没有参数要学习的地方反向计算 {layers}",
    ],
    [
      " has {specs} of 3, so that Caffe runs {layers} backward where nothing learns",
      "在三个 param 中只有 {specs}，因此 Caffe 会在没有参数要学习的地方反向计算 {layers}",
    ],
    [
      "Where Caffe decides what runs backward, it counts a missing spec as lr_mult 1, although it never learns the statistics.",
      "Caffe 在决定哪些层要反向计算时，把缺少的 param 当作 lr_mult 为 1，尽管它从不学习统计量。",
    ],
    ["Here that takes less than 1 % of the multiply-adds of an iteration.", "这里这部分占一次迭代的乘加运算不到 1 %。"],
    ["Here that takes {n} % of the multiply-adds of an iteration.", "这里这部分占一次迭代的乘加运算的 {n} %。"],
    [
      'Three specs of lr_mult: 0 save this, and change no result. Moka computes these gradients only with keep: "all".',
      '写三个 lr_mult: 0 的 param 就能省去这些计算，而且不改变任何结果。Moka 只在 keep: "all" 时才计算这些梯度。',
    ],
  ],
};
