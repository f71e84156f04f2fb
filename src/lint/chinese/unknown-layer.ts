import type { ChineseRule } from "./template.js";

export const unknownLayer: ChineseRule = {
  summary: "Caffe 没有的层类型",
  texts: [
    ["{layer} is of a type that Caffe does not have; it is {fork}", "{layer} 的类型是 Caffe 没有的；它是 {fork} 的"],
    ["{layer} is of a type that does not exist; did you mean {name}?", "{layer} 的类型不存在；是否想写 {name}？"],
    ["{layer} is of a type that Caffe does not have, and {more}", "{layer} 的类型是 Caffe 没有的，另有 {more}"],
    ["{layer} is of a type that Caffe does not have", "{layer} 的类型是 Caffe 没有的"],
    ["{layer} is written in Python, and {more}", "{layer} 是用 Python 写的，另有 {more}"],
    ["{layer} is written in Python", "{layer} 是用 Python 写的"],
  ],
};
