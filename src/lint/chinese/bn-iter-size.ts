import type { ChineseRule } from "./template.js";

export const bnIterSize: ChineseRule = {
  summary: "求解器中使用了 `iter_size`：BatchNorm 每次前向计算都更新滑动平均，一次迭代更新 iter_size 次",
  texts: [
    ["{layer} moves its averages {n} times an iteration", "{layer} 每次迭代更新滑动平均 {n} 次"],
    [": the solver has iter_size: {n}", "：求解器的 iter_size 为 {n}"],
    [
      "An iteration keeps {power} = {n} of the averages, not {n2}; they go over about {n3} forwards, which are {n4} iterations. And each forward normalizes by its own batch: iter_size makes the batch of the gradients larger, not that of the statistics.",
      "一次迭代之后，滑动平均保留 {power} = {n}，而不是 {n2}；它大约覆盖 {n3} 次前向计算，即 {n4} 次迭代。而且每次前向计算都按自己的批次归一化：iter_size 增大的是梯度的批次，不是统计量的批次。",
    ],
    [
      "An iteration keeps {power} = {n} of the averages, not {n2}; they go over about {n3} forwards, which are {n4} iterations. And each forward normalizes by the batch of its {n5} ranks: iter_size makes the batch of the gradients larger, not that of the statistics.",
      "一次迭代之后，滑动平均保留 {power} = {n}，而不是 {n2}；它大约覆盖 {n3} 次前向计算，即 {n4} 次迭代。而且每次前向计算都按 {n5} 个 rank 合起来的批次归一化：iter_size 增大的是梯度的批次，不是统计量的批次。",
    ],
  ],
};
