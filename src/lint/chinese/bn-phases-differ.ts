import type { ChineseRule } from "./template.js";

export const bnPhasesDiffer: ChineseRule = {
  summary: "BatchNorm 或其后的 Scale 在 TEST 中与 TRAIN 中或权重来源中的不一致",
  texts: [
    ["{layer} has eps {n}, and {n2} in {net}", "{layer} 的 eps 为 {n}，而在 {net}中为 {n2}"],
    ["the net of the weights", "权重所属的网络"],
    [
      "What is behind it is learned with eps {n}. In TEST it makes √((v + {n2})/(v + {n3})) times that: {n4} times in the channel of these weights that changes most.",
      "其后的层是在 eps 为 {n} 时学习的。在 TEST 中它的输出是原来的 √((v + {n2})/(v + {n3})) 倍：在这份权重中变化最大的通道里是 {n4} 倍。",
    ],
    [
      "What is behind it is learned with eps {n}. In TEST it makes √((v + {n2})/(v + {n3})) times that: {n4} times for a variance v of 1, and {n5} times for one of 0.001.",
      "其后的层是在 eps 为 {n} 时学习的。在 TEST 中它的输出是原来的 √((v + {n2})/(v + {n3})) 倍：方差 v 为 1 时是 {n4} 倍，为 0.001 时是 {n5} 倍。",
    ],
    [
      "{layer} has moving_average_fraction {n}, and {n2} in {net}",
      "{layer} 的 moving_average_fraction 为 {n}，而在 {net}中为 {n2}",
    ],
    [
      "With use_global_stats: false each forward in TEST moves the averages too, which both phases share, by its own fraction, {n}.",
      "use_global_stats: false 时，TEST 的每次前向计算也会按自己的系数 {n} 更新两个阶段共享的滑动平均。",
    ],
    [
      "The averages move in TRAIN only. So {n} is what counts, and {n2} is never read.",
      "滑动平均只在 TRAIN 中更新。所以起作用的是 {n}，{n2} 从未被使用。",
    ],
    [
      '{layer} has no Scale behind it, and "{name}" in the net of the weights',
      '{layer} 之后没有 Scale，而在权重所属的网络中有 "{name}"',
    ],
    [
      'Nothing takes the γ and β of "{name}", and what is behind it has learned from values that were scaled and shifted by them. Add the Scale, with its name.',
      '没有谁使用 "{name}" 的 γ 和 β，而其后的层是在经过它们缩放和平移的值上学习的。请加上这个 Scale，并使用它的名字。',
    ],
    [
      '{layer} reads "{name}" as it is, with BatchNorm "{norm}" between them in the net of the weights',
      '{layer} 直接读取 "{name}"，而在权重所属的网络中两者之间有 BatchNorm "{norm}"',
    ],
    [
      'Nothing takes the averages of "{name}", and "{name2}" and what is behind it have learned from normalized values. Add it with its name. A net without it needs weights into which it is folded: `moka fold` makes both.',
      '没有谁使用 "{name}" 的滑动平均，而 "{name2}" 及其后的层是在归一化的值上学习的。请加上这个层，并使用它的名字。不含它的网络需要已把它折叠进去的权重：`moka fold` 会同时生成两者。',
    ],
    [
      '{layer} shares parameters with "{name}" in TEST, and not in TRAIN',
      '{layer} 在 TEST 中与 "{name}" 共享参数，在 TRAIN 中却不共享',
    ],
    [
      "In TRAIN each has averages of its own, and a caffemodel holds both. A net for TEST that loads it keeps one set for both layers, that of the later one.",
      "在 TRAIN 中各有自己的滑动平均，caffemodel 中两份都有。加载它的 TEST 网络只为两个层保留一份，即后一个层的。",
    ],
    ["{layer} has another {field} than in {net}", "{layer} 的 {field} 与 {net}中的不同"],
    [
      'The test net takes the parameters of "{name}" from the training net, and they differ in number. Caffe aborts at the first test with "{error}", and Moka does not start.',
      '测试网络从训练网络取得 "{name}" 的参数，而两者的参数数目不同。Caffe 在第一次测试时中止："{error}"，Moka 则不会启动。',
    ],
    [
      'The test net takes the parameters of "{name}" from the training net, and they differ in shape. Caffe aborts at the first test with "{error}", and Moka does not start.',
      '测试网络从训练网络取得 "{name}" 的参数，而两者的参数形状不同。Caffe 在第一次测试时中止："{error}"，Moka 则不会启动。',
    ],
  ],
};
