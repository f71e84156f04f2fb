import type { ChineseTexts } from "./texts.js";

export const labelGradient: ChineseTexts = {
  summary: "某层需要把梯度送到没有梯度的地方：标签、索引，或 Threshold",
  about:
    "Caffe 在第一次反向时停止，Moka 也拒绝该网络：这一层对这个 bottom 没有梯度。如果它是固定的输入，请写 propagate_down: false。",
  messages: [
    [
      "{layer} reads its bottom {bottom} from {other}, which a gradient would go back to",
      "{layer} 的 bottom {bottom} 来自 {other}，梯度会传回那里",
    ],
  ],
};
