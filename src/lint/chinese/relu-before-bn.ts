import type { ChineseRule } from "./template.js";

export const reluBeforeBn: ChineseRule = {
  summary: "ReLU（或 PReLU、ELU）紧接在 BatchNorm 之前，而论文中它紧接在其后",
  texts: [
    ["{layer} normalizes what {layer2} has rectified", "{layer} 归一化的是 {layer2} 整流之后的值"],
    [
      "Its means and variances are over values of which many are 0, so they say as much of how many are 0 as of how large the others are.",
      "它的均值和方差所依据的值有许多是 0，所以既反映其余的值有多大，也同样反映有多少个 0。",
    ],
    [
      "Its means and variances are of values that are already bent at 0.",
      "它的均值和方差所依据的值已经在 0 处弯折过。",
    ],
    [
      "The paper normalizes what goes into the ReLU, and most published weights are for that order. Nets train with both; weights and folding into the convolution before ask for the one they were made with.",
      "论文归一化的是 ReLU 的输入，大多数公开的权重也是按这个顺序训练的。两种顺序的网络都能训练；但已有的权重以及折叠进前面的卷积，都要求使用训练时的顺序。",
    ],
  ],
};
