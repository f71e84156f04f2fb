import type { ChineseRule } from "./template.js";

export const bnAverageTooSlow: ChineseRule = {
  summary: "滑动平均覆盖的前向次数比求解器进行的还多：`moving_average_fraction` 太接近 1",
  texts: [
    [
      "{layer}: after all of the training the first half of it still weighs {share} in the averages",
      "{layer}：全部训练结束后，前一半训练在滑动平均中仍占 {share}",
    ],
    [
      "{layer}: after all of the training {share} of the average is still that of the loaded weights",
      "{layer}：全部训练结束后，滑动平均中仍有 {share} 来自加载的权重",
    ],
    [
      "{layer}: at the first test {share} of the average is still that of the loaded weights",
      "{layer}：第一次测试时，滑动平均中仍有 {share} 来自加载的权重",
    ],
    [
      "{layer}: at the first test the averages still hold the whole training, its first half with {share}",
      "{layer}：第一次测试时，滑动平均仍包含整个训练，其中前一半占 {share}",
    ],
  ],
};
