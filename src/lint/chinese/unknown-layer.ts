import { forkNames } from "./forks.js";
import type { ChineseRule } from "./template.js";

export const unknownLayer: ChineseRule = {
  summary: "Caffe 没有的层类型",
  texts: [
    ["{layer} is of a type that does not exist", "{layer} 的类型不存在"],
    ['; did you mean "{name}"?', '；是否想写 "{name}"？'],
    ['layer "{name}" has no type', '层 "{name}" 没有类型'],
    [
      'Caffe aborts with "Unknown layer type: {type}" when it makes this layer, and names those that it has.',
      'Caffe 在建立这个层时会报错中止："Unknown layer type: {type}"，并列出它有的类型。',
    ],
    ["{layer} is written in Python", "{layer} 是用 Python 写的"],
    [", and {n} more Python layer of this type", "，另有 {n} 个这样的 Python 层"],
    [", and {n} more Python layers of this type", "，另有 {n} 个这样的 Python 层"],
    [
      'Moka never runs the class "{name}" of the module "{name2}": write it as a layer in TypeScript and register that as "{name3}". Caffe runs it only if it was built with WITH_PYTHON_LAYER. Shapes behind it are not checked here.',
      'Moka 从不运行模块 "{name2}" 中的类 "{name}"：请用 TypeScript 把它写成一个层，并注册为 "{name3}"。Caffe 只有在编译时启用了 WITH_PYTHON_LAYER 才会运行它。这里不检查它之后的形状。',
    ],
    ["{layer} is of a type that Caffe does not have", "{layer} 的类型是 Caffe 没有的"],
    ["; it is {fork}", "；它来自 {fork}"],
    [", and {n} more layer of this type", "，另有 {n} 个层也是这个类型"],
    [", and {n} more layers of this type", "，另有 {n} 个层也是这个类型"],
    [
      'Caffe aborts with "Unknown layer type: {type}", unless it is a build that has this type; Moka needs a class of that name to be registered. Shapes of what is behind it are not checked here.',
      '除非编译的 Caffe 带有这个类型，否则它会报错中止："Unknown layer type: {type}"；Moka 需要注册一个同名的类。这里不检查它之后的形状。',
    ],
    ...forkNames,
  ],
};
