import type { ChineseRule } from "./template.js";

export const bnParamSpecs: ChineseRule = {
  summary: "BatchNorm 既不是没有 param，也不是有三个 `lr_mult: 0 decay_mult: 0` 的 param",
  texts: [
    ["{layer} has {n} param specs, but three parameters", "{layer} 有 {n} 个 param，却只有三个参数"],
    [
      'Caffe aborts: "{error}". Its parameters are mean, variance and factor; scale and shift, which forks of Caffe have inside of it, are those of the Scale behind it.',
      'Caffe 会中止："{error}"。它的参数是均值、方差和 factor；某些 Caffe 分支放在它内部的缩放和平移，属于其后的 Scale。',
    ],
    ["{layer} has {specs} for its three statistics", "{layer} 的三个统计量只有 {specs}"],
    [
      "{layer} keeps decay_mult at {n} for statistics with lr_mult 0",
      "{layer} 的统计量 lr_mult 为 0，decay_mult 却仍是 {n}",
    ],
    [
      "Caffe adds the missing ones with lr_mult 0, so that none is learned, but for backward a missing one counts as lr_mult 1: it runs down to this layer, even where nothing before it learns. Three specs of lr_mult: 0 save that.",
      "Caffe 会以 lr_mult 0 补上缺少的 param，所以它们都不会被学习；但在决定反向计算时，缺少的 param 被当作 lr_mult 为 1：反向计算会一直进行到这一层，即使它之前没有任何参数要学习。写三个 lr_mult: 0 的 param 就能省去这些计算。",
    ],
    [
      "It is harmless: weight decay is scaled by the learning rate, which lr_mult makes 0. It only reads as if the statistics decayed; three specs of lr_mult: 0 decay_mult: 0 say what happens.",
      "这没有害处：权重衰减会乘以学习率，而 lr_mult 使学习率为 0。只是看上去好像统计量会衰减；写三个 lr_mult: 0 decay_mult: 0 的 param 才与实际一致。",
    ],
  ],
};
