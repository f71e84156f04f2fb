import type { ChineseRule } from "./template.js";

export const bnAfterActivation: ChineseRule = {
  summary: "BatchNorm 位于 Sigmoid 或 TanH 之后，或者与激活层之间只隔着池化、Dropout 之类的层",
  texts: [
    ["{layer} comes behind {other}", "{layer} 位于 {other} 之后"],
    [", through {layer}", "，中间经过 {layer}"],
    [
      'Batch normalization keeps what goes into a {type} where that is steep. Behind it the values are already between {n} and 1: where "{name}" is flat its gradient is gone, and normalizing its output does not bring it back.',
      '批量归一化本来让 {type} 的输入保持在其曲线陡峭的区间。在它之后，值已经处于 {n} 与 1 之间：在 "{name}" 平坦的地方梯度已经消失，对它的输出再做归一化也无法恢复。',
    ],
    [
      'What "{name}" gets is not normalized, and what comes out of "{name2}" is: statistics are over values that were rectified first, and cannot be folded into the convolution before. The paper normalizes between the convolution and its activation.',
      '"{name}" 得到的输入没有归一化，而 "{name2}" 的输出却被归一化：统计量来自已经过整流的值，也无法折叠进前面的卷积。论文是在卷积与其激活之间做归一化的。',
    ],
  ],
};
