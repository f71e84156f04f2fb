import type { ChineseTexts } from "./texts.js";

export const bnIterSize: ChineseTexts = {
  summary: "求解器中有 `iter_size`：BatchNorm 每次前向都更新滑动平均，每次迭代更新 iter_size 次",
  about:
    "iter_size 增大梯度的批次，不增大统计量的批次：每次前向仍按自己的批次归一化，滑动平均每次迭代移动 iter_size 次。",
  messages: [
    [
      "{layer} moves its averages {k} times an iteration{more}: the solver has iter_size: {size}",
      "{layer} 每次迭代更新 {k} 次滑动平均{more}：求解器有 iter_size: {size}",
    ],
  ],
};
