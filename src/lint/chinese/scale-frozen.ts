import type { ChineseRule } from "./template.js";

export const scaleFrozen: ChineseRule = {
  summary: "网络在学习，而 BatchNorm 之后的 Scale 不学习：从 BatchNorm 抄来了 `lr_mult: 0`",
  texts: [
    [
      '{layer} behind BatchNorm "{name}" never learns {list}: lr_mult is 0',
      'BatchNorm "{name}" 之后的 {layer} 永远不学习 {list}：lr_mult 为 0',
    ],
    [
      "lr_mult: 0 is for the three statistics of a BatchNorm, which are computed; those of a Scale are learned.",
      "lr_mult: 0 是给 BatchNorm 的三个统计量用的，它们是算出来的；Scale 的参数则要学习。",
    ],
    [
      "What its filler or a caffemodel gives stays, in a net whose layers before learn. With the default of γ = 1 and β = 0 that is as if the Scale were not there.",
      "其前的层在学习，而这里一直是 filler 或 caffemodel 给出的值。默认 γ = 1、β = 0 时，就相当于没有这个 Scale。",
    ],
    [
      "Its shift stays what its filler or a caffemodel gives, 0 by default: every channel keeps mean 0, and a ReLU behind it cuts about half of the values away.",
      "它的平移一直是 filler 或 caffemodel 给出的值，默认为 0：每个通道的均值始终为 0，其后的 ReLU 会截去大约一半的值。",
    ],
    [
      "Its scale stays what its filler or a caffemodel gives, 1 by default. Linear layers behind it, also behind a ReLU, can learn the scale in its place, so this costs little.",
      "它的缩放一直是 filler 或 caffemodel 给出的值，默认为 1。其后的线性层（即使隔着 ReLU）可以代替它学习缩放，所以影响不大。",
    ],
  ],
};
