import type { ChineseRule } from "./template.js";

export const missingWeights: ChineseRule = {
  summary: "给定的权重没有覆盖的层：它停留在 filler 填充的值上",
  texts: [
    ["{layer} gets none of the weights", "{layer} 没有得到任何权重"],
    ['; did you mean "{name}"?', '；是否想写 "{name}"？'],
    [
      "Weights are copied by the names of layers. This one stays as its filler made it, which may differ from run to run.",
      "权重按层的名字复制。这个层停留在 filler 填充的值上，而这些值每次运行可能不同。",
    ],
    ["No layer takes the weights of {names}.", "没有层使用 {names} 的权重。"],
  ],
};
