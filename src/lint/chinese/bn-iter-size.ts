import type { ChineseRule } from "./template.js";

export const bnIterSize: ChineseRule = {
  summary: "求解器中有 `iter_size`：BatchNorm 每次前向都更新滑动平均，每次迭代更新 iter_size 次",
  texts: [
    [
      "{layer} moves its averages {k} times an iteration{more}: the solver has iter_size: {size}",
      "{layer} 每次迭代更新 {k} 次滑动平均{more}：求解器有 iter_size: {size}",
    ],
  ],
};
