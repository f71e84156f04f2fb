import type { ChineseTexts } from "./texts.js";

export const bnWithoutScale: ChineseTexts = {
  summary: "BatchNorm 之后没有 Scale：归一化之后没有再缩放和平移",
  about:
    "批量归一化是 y = γ·x̂ + β：BatchNorm 给出 x̂，γ 和 β 属于带有 bias_term: true 的 Scale。没有它，每个通道的均值始终为 0、方差始终为 1，后面的 ReLU 会截掉大约一半。新加的 Scale 从 γ = 1、β = 0 开始，训练好的网络结果不变。",
  messages: [
    ["{layer} has no Scale behind it, which only {fork} does not need", "{layer} 之后没有 Scale，只有 {fork} 不需要它"],
    ["{layer} has no Scale behind it", "{layer} 之后没有 Scale"],
  ],
};
