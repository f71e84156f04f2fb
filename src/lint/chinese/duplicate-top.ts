import type { ChineseRule } from "./template.js";

export const duplicateTop: ChineseRule = {
  summary: "某个 top 之前已经由另一个层产生",
  texts: [
    ['{layer} makes "{name}", which {layer2} makes already', '{layer} 产生 "{name}"，而 {layer2} 已经产生了它'],
    ['{layer} makes "{name}", which itself makes already', '{layer} 两次产生 "{name}"'],
    [
      'Caffe aborts with "Top blob \'{name}\' produced by multiple sources", and Moka does not load the net either: layers that read "{name2}" could mean one or the other.',
      'Caffe 会报错中止："Top blob \'{name}\' produced by multiple sources"，Moka 也不加载这个网络：读取 "{name2}" 的层可能指其中任何一个。',
    ],
    [
      'In place a top has to have the number of its bottom: "{name}" is bottom {n}, and top {n2}.',
      '原位计算时，top 的序号必须与 bottom 相同："{name}" 是 bottom {n}，却是 top {n2}。',
    ],
  ],
};
