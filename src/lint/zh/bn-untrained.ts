import type { ChineseTexts } from "./texts.js";

export const bnUntrained: ChineseTexts = {
  summary: "权重中没有 BatchNorm 的滑动平均，或者缩放因子为 0，因此被当作 0",
  about:
    "缩放因子为 0 时，均值和方差都算作 0，输出是 x/√eps，没有归一化。如果权重是转换来的，因子应当是 1；否则需要训练或 `moka calibrate`。",
  messages: [],
};
