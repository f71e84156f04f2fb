import type { ChineseRule } from "./template.js";

export const phaseOverlap: ChineseRule = {
  summary: "同一状态中一个 blob 有两个来源、测试没有数据来源，或者规则在任何状态下都不成立",
  texts: [
    [
      '{layer} and {layer2} are in one state, and both make "{name}"',
      '{layer} 和 {layer2} 处于同一状态，都产生 "{name}"',
    ],
    [
      "Caffe aborts with \"Top blob '{name}' produced by multiple sources\" when it builds the net for {phase}.",
      "Caffe 在构建 {phase} 的网络时会报错中止：\"Top blob '{name}' produced by multiple sources\"。",
    ],
    ["The include rules of the two let both in.", "两者的 include 规则让它们都进入了网络。"],
    [
      "Neither has an include rule: give one include { phase: TRAIN }, and the other include { phase: TEST }.",
      "两者都没有 include 规则：请给其中一个写 include { phase: TRAIN }，给另一个写 include { phase: TEST }。",
    ],
    [
      "{layer} feeds TRAIN, and nothing feeds TEST, though the solver has test_iter: {numbers}",
      "{layer} 为 TRAIN 提供数据，TEST 却没有数据来源，尽管求解器有 test_iter: {numbers}",
    ],
    [
      'The solver builds a net for TEST from this file too. Without a source for it Caffe aborts with "{error}" before the first iteration, and Moka does too. Add a source with include { phase: TEST }, or take test_iter and test_interval out of the solver.',
      '求解器也会从这个文件构建 TEST 的网络。没有数据来源时，Caffe 在第一次迭代之前就报错中止（"{error}"），Moka 也一样。请加上一个带 include { phase: TEST } 的数据层，或者从求解器中去掉 test_iter 和 test_interval。',
    ],
    [
      "{layer} has an include rule that no state meets: {reason}",
      "{layer} 有一条任何状态都不满足的 include 规则：{reason}",
    ],
    [
      "{layer} has an exclude rule that no state meets: {reason}",
      "{layer} 有一条任何状态都不满足的 exclude 规则：{reason}",
    ],
    ['stage and not_stage are both "{name}"', 'stage 和 not_stage 都是 "{name}"'],
    ["min_level {n} is above max_level {n2}", "min_level {n} 大于 max_level {n2}"],
    [
      "All conditions of a rule have to hold at once; for alternatives write two rules.",
      "一条规则的所有条件必须同时成立；要表示“或”，请写两条规则。",
    ],
    ["So this layer is in no net that is built from this file.", "所以从这个文件构建的任何网络中都没有这个层。"],
    ["So this rule does nothing.", "所以这条规则不起作用。"],
  ],
};
