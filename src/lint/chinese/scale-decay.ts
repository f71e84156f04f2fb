import type { ChineseRule } from "./template.js";

export const scaleDecay: ChineseRule = {
  summary: "权重衰减把 BatchNorm 之后的缩放和平移拉向 0：`decay_mult` 不为 0",
  texts: [
    ["{layer} leaves {list} to weight decay", "{layer} 让权重衰减作用于 {list}"],
    [
      "The solver's weight_decay of {n} pulls {list} to 0 with every step: decay_mult is 1 unless it is set. Weight decay is there to keep weights small; here it only makes the channels weaker.",
      "求解器的 weight_decay 为 {n}，每一步都把 {list} 拉向 0：不设置时 decay_mult 为 1。权重衰减的作用是让权重保持较小；在这里它只会让通道变弱。",
    ],
    [
      "Weight decay, where a solver has it, pulls {list} to 0 with every step: decay_mult is 1 unless it is set. Weight decay is there to keep weights small; here it only makes the channels weaker.",
      "如果求解器使用权重衰减，每一步都会把 {list} 拉向 0：不设置时 decay_mult 为 1。权重衰减的作用是让权重保持较小；在这里它只会让通道变弱。",
    ],
    [
      "At this solver's rates a {name} of 1 that nothing else moves is at {n} after {n2} iterations.",
      "按这个求解器的学习率，值为 1 且不受其他影响的 {name} 在 {n2} 次迭代之后变为 {n}。",
    ],
    [
      "At this solver's rates a {name} of 1 that nothing else moves is at {n} after {n2} iterations; one with gradients loses less, since this type divides by their size.",
      "按这个求解器的学习率，值为 1 且不受其他影响的 {name} 在 {n2} 次迭代之后变为 {n}；有梯度的减小得少一些，因为这种求解器会除以梯度的大小。",
    ],
    [
      "At this solver's rates a {name} of 1 that nothing else moves is below 1e-6 after {n} iterations.",
      "按这个求解器的学习率，值为 1 且不受其他影响的 {name} 在 {n} 次迭代之后小于 1e-6。",
    ],
    [
      "At this solver's rates a {name} of 1 that nothing else moves is below 1e-6 after {n} iterations; one with gradients loses less, since this type divides by their size.",
      "按这个求解器的学习率，值为 1 且不受其他影响的 {name} 在 {n} 次迭代之后小于 1e-6；有梯度的减小得少一些，因为这种求解器会除以梯度的大小。",
    ],
  ],
};
