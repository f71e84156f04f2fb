/** What the reader of prototxt says of a text (`src/proto/text/`), and the upgrades of old forms (`src/proto/upgrade/`). */
import type { Pair } from "./template.js";

/** The problems of a text. */
export const readerTexts: readonly Pair[] = [
  ["{text} has no field {text2}", "{text} 没有字段 {text2}"],
  ["; it is a field of {text}", "；它是 {text} 的字段"],
  ["; did you mean {text}?", "；是否想写 {text}？"],
  [
    "{text} has no field {text2} in BVLC's Caffe; it is read as a fork's",
    "BVLC 的 Caffe 中，{text} 没有字段 {text2}；按分支的字段读取",
  ],
  [
    "{text} has no value {text2} in BVLC's Caffe; it is read as a fork's",
    "BVLC 的 Caffe 中，{text} 没有取值 {text2}；按分支的取值读取",
  ],
  ["{text} takes one value, not a list; the first counts", "{text} 只接受一个值，不接受列表；以第一个为准"],
  ["{text} is given again; its parts are merged", "{text} 重复给出；各部分会合并"],
  ["{text} is given again; the last value counts", "{text} 重复给出；以最后一个值为准"],
  ["{text} needs the field {text2}", "{text} 需要字段 {text2}"],
  ["{text} starts with 0, as octal numbers do", "{text} 以 0 开头，像八进制数"],
  ["there is no escape {text} in a string", "字符串中没有 {text} 这样的转义"],
  ["expected a field's name, got {got}", "此处应为字段名，实际是 {got}"],
  ["expected a number for {text}, got {got}", "{text} 应为数，实际是 {got}"],
  ["expected a value for {text}, got {got}", "{text} 应有值，实际是 {got}"],
  ["expected { for {text}, got {got}", "{text} 之后应为 {，实际是 {got}"],
  ["expected : or { after {text}, got {got}", "{text} 之后应为 : 或 {，实际是 {got}"],
  ["expected : after {text}, got =", "{text} 之后应为 :，实际是 ="],
  ["expected : after {text}", "{text} 之后应有 :"],
  ["expected a value, got {text} without quotes", "应为一个值，{text} 却没有引号"],
  ["expected a value, got {got}", "应为一个值，实际是 {got}"],
  ["expected , between the values of a list", "列表的值之间应有 ,"],
  ["expected ,, got {got}", "应为 ,，实际是 {got}"],
  ["expected } for the { of line {n}, got {got}", "第 {n} 行的 { 应以 } 结束，实际是 {got}"],
  ["expected > for the < of line {n}, got {got}", "第 {n} 行的 < 应以 > 结束，实际是 {got}"],
  ["this { is not closed before {got}", "这个 { 在{got} 之前没有关闭"],
  ["this < is not closed before {got}", "这个 < 在{got} 之前没有关闭"],
  ["this [ is not closed before {got}", "这个 [ 在{got} 之前没有关闭"],
  ["a {text} that closes nothing", "多出的 {text}，没有与之对应的开括号"],
  ["a {text} too many", "多了一个 {text}"],
  ["nested more than {n} levels deep", "嵌套超过 {n} 层"],
  ["a string that does not end on its line", "字符串没有在本行结束"],
  ["no space between the number {text} and {text2}", "数 {text} 与 {text2} 之间没有空格"],
  ["the file starts with a byte order mark", "文件以字节顺序标记（BOM）开头"],
  ["a comment that goes on behind a carriage return (CR)", "注释在回车符（CR）之后仍然继续"],
  ["{text} where {text2} is meant", "应为 {text2} 的地方写成了 {text}"],
  ["a character that does not belong here: {text}", "此处不应有的字符：{text}"],
  ["{text} is written with a character that does not belong here: {text2}", "{text} 中含有不应出现的字符：{text2}"],
  ["the end of the file", "文件末尾"],
  ["a list", "列表"],
  ["{text}: expected a string, got {text2} without quotes", "{text}：应为字符串，{text2} 却没有引号"],
  ["{text}: expected a string in quotes, got {text2}", "{text}：应为带引号的字符串，实际是 {text2}"],
  ["{text}: expected true or false, got {text2}", "{text}：应为 true 或 false，实际是 {text2}"],
  ["{text}: expected a number, got {text2}", "{text}：应为数，实际是 {text2}"],
  ["{text}: expected an integer, got {text2}", "{text}：应为整数，实际是 {text2}"],
  ["{text}: {text2} is none of the numbers of {text3}", "{text}：{text2} 不是 {text3} 的任何一个编号"],
  ["{text}: {text2} is none of the values of {text3}", "{text}：{text2} 不是 {text3} 的任何一个值"],
  ["{text}: {text2} is none of {values}", "{text}：{text2} 不是 {values} 之一"],
  ["{text}: {text2} is spelled {text3}", "{text}：{text2} 应写作 {text3}"],
  ["{text}: {text2} should not be in quotes", "{text}：{text2} 不应加引号"],
  ["{text}: {text2} is read as {text3}, and {text4} left out", "{text}：{text2} 按 {text3} 读取，略去了 {text4}"],
  ["{text}: there is no escape {text2} in a string", "{text}：字符串中没有 {text2} 这样的转义"],
  ["{text}: the bytes of this string are not UTF-8", "{text}：这个字符串的字节不是 UTF-8"],
  [
    "{text}: {text2} may be octal, {n}, or decimal, {n2}; Caffe takes neither here",
    "{text}：{text2} 可能是八进制的 {n}，也可能是十进制的 {n2}；Caffe 在这里两种都不接受",
  ],
  ["{text}: {text2} is not within {n} and {n2}", "{text}：{text2} 不在 {n} 到 {n2} 的范围内"],
];

/** Why a text is not upgraded, and no net. */
export const upgradeTexts: readonly Pair[] = [
  ["the net has no layers", "网络没有任何层"],
  [
    "{layer} has include rules and exclude rules; Caffe takes one kind, not both",
    "{layer} 同时有 include 规则和 exclude 规则；Caffe 只接受其中一种",
  ],
  ["give type or its old form solver_type, not both", "type 和它的旧形式 solver_type 只能给出一个"],
  [
    'input "{name}" has no shape: give input_shape, or four input_dim, for each',
    '输入 "{name}" 没有形状：请为每个输入给出 input_shape，或者四个 input_dim',
  ],
  [
    'there is no layer type "{name}" among those of 2013 ("layer" in "layers")',
    '2013 年的层类型（"layers" 中的 "layer"）里没有 "{name}"',
  ],
  [
    'the net has layers of today\'s form, layer { type: "Convolution" }, and of the old one, layers { type: CONVOLUTION }; write them all as layer',
    '网络中既有今天的形式 layer { type: "Convolution" }，又有旧形式 layers { type: CONVOLUTION }；请全部写成 layer',
  ],
  [
    '{layer} reads a padding layer, which only layers of type "conv" and "pool" can',
    '{layer} 读取 padding 层，而只有 "conv" 和 "pool" 类型的层可以这样做',
  ],
  [
    "{layer} reads a padding layer, so must have 1 bottom, not {n}",
    "{layer} 读取 padding 层，所以必须有 1 个 bottom，而不是 {n} 个",
  ],
  [
    "{layer} must have 1 bottom and 1 top, not {n} and {n2}",
    "{layer} 必须有 1 个 bottom 和 1 个 top，而不是 {n} 个和 {n2} 个",
  ],
  [
    '{layer} bottom {n} is "{name}", which no layer above produces',
    '{layer} 的 bottom {n} 是 "{name}"，其上没有层产生它',
  ],
];
