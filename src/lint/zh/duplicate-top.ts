import type { ChineseTexts } from "./texts.js";

export const duplicateTop: ChineseTexts = {
  summary: "某个 top 已经由前面的层产生",
  about: "Caffe 中止，Moka 也不加载该网络：读取这个 blob 的层无法确定读取的是哪一个。",
  messages: [["{layer} makes {top}, which {other} makes already", "{layer} 产生 {top}，而 {other} 已经产生了它"]],
};
