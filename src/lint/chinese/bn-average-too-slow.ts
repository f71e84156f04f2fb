import type { ChineseRule } from "./template.js";

export const bnAverageTooSlow: ChineseRule = {
  summary: "滑动平均所覆盖的前向次数比求解器执行的还多：`moving_average_fraction` 太接近 1",
  texts: [
    [
      "{layer}: after all of the training {share} of the average is still that of the loaded weights",
      "{layer}：整个训练结束后，滑动平均中仍有 {share} 来自加载的权重",
    ],
    [
      "{layer}: after all of the training the first half of it still weighs {share} in the averages",
      "{layer}：整个训练结束后，前一半训练在滑动平均中仍占 {share}",
    ],
    [
      "{layer}: at the first test {share} of the average is still that of the loaded weights",
      "{layer}：第一次测试时，滑动平均中仍有 {share} 来自加载的权重",
    ],
    [
      "{layer}: at the first test the averages still hold the whole training, its first half with {share}",
      "{layer}：第一次测试时，滑动平均仍包含此前的整个训练，其中前一半占 {share}",
    ],
    [
      "The weights given bring averages with a factor of {n}: they count as much as so many forwards",
      "给定的权重带来 factor 为 {n} 的滑动平均：其分量相当于同样多次前向计算",
    ],
    [
      ", and the whole training has {n} ({product}); with moving_average_fraction {n2} each forward leaves {n3} % of what was there. So TEST goes by what the loaded net computed, whatever this training makes of it.",
      "；而整个训练共有 {n} 次（{product}）；moving_average_fraction 为 {n2} 时，每次前向计算保留原有值的 {n3} %。因此 TEST 使用的是加载的网络算出的统计量，与这次训练的结果无关。",
    ],
    [
      "moving_average_fraction: {n} would go over the last {n2} forwards",
      "moving_average_fraction: {n} 大约覆盖最近 {n2} 次前向计算",
    ],
    [
      "; `moka calibrate` measures the averages anew afterwards.",
      "；也可以在训练后用 `moka calibrate` 重新测量滑动平均。",
    ],
    ["`moka calibrate` measures the averages anew afterwards.", "可以在训练后用 `moka calibrate` 重新测量滑动平均。"],
    [
      "With moving_average_fraction {n} the averages go over about {n2} forwards",
      "moving_average_fraction 为 {n} 时，滑动平均大约覆盖 {n2} 次前向计算",
    ],
    [
      ", and the whole training has {n} ({product}). So TEST goes by what an earlier net computed.",
      "，而整个训练只有 {n} 次（{product}）。因此 TEST 使用的是较早的网络算出的统计量。",
    ],
    [", and the first test comes after {n} ({product})", "，而第一次测试在 {n} 次（{product}）之后进行"],
    [
      "; with moving_average_fraction {n} each forward leaves {n2} % of what was there",
      "；moving_average_fraction 为 {n} 时，每次前向计算保留原有值的 {n2} %",
    ],
    [
      ". Up to iteration {n} or so tests are worse than the net is, where its layers no longer compute what they did.",
      "。大约在第 {n} 次迭代之前，如果各层的计算已与原来不同，测试结果会比网络的实际水平差。",
    ],
    [
      ". Up to iteration {n} or so tests are worse than the net is, since they go by statistics of the net it was.",
      "。大约在第 {n} 次迭代之前，测试结果会比网络的实际水平差，因为它们使用的是以前的网络的统计量。",
    ],
    [".", "。"],
  ],
};
