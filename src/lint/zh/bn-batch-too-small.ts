import type { ChineseTexts } from "./texts.js";

export const bnBatchTooSmall: ChineseTexts = {
  summary: "BatchNorm 的统计量只来自一个值、很少的值，或一次一张图像",
  about:
    "值太少时，批次的均值和方差噪声很大；只有一个值时方差为 0，输出就是 β。增大 batch_size 才有用：iter_size 只增大梯度的批次，不增大统计量的批次。",
  messages: [],
};
