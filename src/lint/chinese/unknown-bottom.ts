import { graphTexts } from "./graph.js";
import type { ChineseRule } from "./template.js";

export const unknownBottom: ChineseRule = {
  summary: "某个 bottom 在其前没有层产生",
  texts: [
    ['{layer} reads "{name}", which no layer before it makes', '{layer} 读取 "{name}"，而其前没有层产生它'],
    [" in test net #{n}, {state}", "：测试网络 #{n}（{state}）中如此"],
    [" and in test net #{n}, {state}", "，测试网络 #{n}（{state}）中也如此"],
    [" in the training net, {state}", "：训练网络（{state}）中如此"],
    [" and in the training net, {state}", "，训练网络（{state}）中也如此"],
    ["; {layer}, further down, does", "；后面的 {layer} 才产生它"],
    ['; did you mean "{name}"?', '；是否想写 "{name}"？'],
    ["test net #{n}", "测试网络 #{n}"],
    ["the training net", "训练网络"],
    ["the net", "网络"],
    ["phase TRAIN", "阶段 TRAIN"],
    ["phase TEST", "阶段 TEST"],
    [
      "Caffe aborts with \"Unknown bottom blob '{name}'\" when it builds {net} for {state}, and Moka does so too.",
      "Caffe 在为 {state} 构建{net}时会报错中止：\"Unknown bottom blob '{name}'\"，Moka 也一样。",
    ],
    [
      'Layers run in the order in which they stand: "{name}" has to come before its readers.',
      '层按书写的顺序运行："{name}" 必须位于读取它的层之前。',
    ],
    ["The last blobs made above are {names}.", "其上最后产生的 blob 是 {names}。"],
    ["No layer stands above it in this state.", "在这个状态中，它之前没有任何层。"],
    ...graphTexts,
  ],
};
