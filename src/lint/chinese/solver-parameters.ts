import { upgradeTexts } from "./reader.js";
import type { ChineseRule } from "./template.js";

export const solverParameters: ChineseRule = {
  summary: "求解器无法建立，或其字段的作用与看上去的不同",
  texts: [
    [
      "The solver is not built: moka train stops here with these words, before the first iteration.",
      "求解器不会被建立：moka train 在第一次迭代之前就停在这里，并报告这个错误。",
    ],
    [
      "Caffe trains, and so does Moka, which logs this sentence when it builds the solver; but it is probably a mistake.",
      "Caffe 会照常训练，Moka 也一样，并在建立求解器时把这句话写入日志；但这多半是个错误。",
    ],
    ['; did you mean "{name}"?', '；是否想写 "{name}"？'],
    ["; there are {names}", "；可用的有 {names}"],
    ["average_loss must be 1 or more, not {n}", "average_loss 必须大于等于 1，而不是 {n}"],
    ["iter_size must be 1 or more, not {n}", "iter_size 必须大于等于 1，而不是 {n}"],
    ["max_iter is {n}: no iteration is run", "max_iter 为 {n}：不会执行任何迭代"],
    ["snapshot is {n}: no snapshot is taken before the end", "snapshot 为 {n}：结束之前不会保存快照"],
    ["test_iter is {n}: test net {n2} runs no batch", "test_iter 为 {n}：测试网络 {n2} 不运行任何批次"],
    ["base_lr is missing, which is 0: nothing is learned", "没有写 base_lr，它就是 0：什么也学不到"],
    ["base_lr is {n}: the loss is made larger", "base_lr 为 {n}：损失会变大"],
    ["weight_decay is {n}: every update makes the weights larger", "weight_decay 为 {n}：每次更新都使权重变大"],
    [
      'eval_type must be "classification" or "detection", not "{name}"',
      'eval_type 必须是 "classification" 或 "detection"，而不是 "{name}"',
    ],
    ['ap_version must be one of {names}, not "{name}"', 'ap_version 必须是 {names} 之一，而不是 "{name}"'],
    [
      'test net #{n}\'s {type} "{name}" needs eval_type: "{value}"; without it its rows are averaged, which means nothing',
      '测试网络 #{n} 的 {type} "{name}" 需要 eval_type: "{value}"；否则它的各行会被平均，而这没有意义',
    ],
    [
      'the test net\'s {type} "{name}" needs eval_type: "{value}"; without it its rows are averaged, which means nothing',
      '测试网络的 {type} "{name}" 需要 eval_type: "{value}"；否则它的各行会被平均，而这没有意义',
    ],
    ["snapshots cannot be taken: {error}", "无法保存快照：{error}"],
    ['unknown solver type "{name}"', '求解器类型 "{name}" 不存在'],
    [
      'regularization_type must be "L1" or "L2", not "{name}"',
      'regularization_type 必须是 "L1" 或 "L2"，而不是 "{name}"',
    ],
    ["lr_policy is missing", "没有写 lr_policy"],
    ['lr_policy "{name}" is unknown', 'lr_policy "{name}" 不存在'],
    ['lr_policy "{name}" needs {field} greater than 0', 'lr_policy "{name}" 需要大于 0 的 {field}'],
    ["gamma must not be negative; it is {n}", "gamma 不能为负；现在是 {n}"],
    [
      'lr_policy "{name}" without gamma, which is then 0: so is the learning rate after the first step',
      'lr_policy "{name}" 没有 gamma，它就是 0：第一步之后学习率也变成 0',
    ],
    [
      'lr_policy "{name}" without {field}, which is then 0: the learning rate never changes',
      'lr_policy "{name}" 没有 {field}，它就是 0：学习率永远不变',
    ],
    [
      'gamma is {n}: lr_policy "{name}" makes the learning rate larger, not smaller',
      'gamma 为 {n}：lr_policy "{name}" 会使学习率变大，而不是变小',
    ],
    [
      'power is {n}: lr_policy "{name}" makes the learning rate larger, not smaller',
      'power 为 {n}：lr_policy "{name}" 会使学习率变大，而不是变小',
    ],
    [
      'lr_policy "{name}" without stepvalue: the learning rate never changes',
      'lr_policy "{name}" 没有 stepvalue：学习率永远不变',
    ],
    [
      "stepvalue {n} stands after {n2}: steps are taken in the order of the text, one an iteration",
      "stepvalue {n} 写在 {n2} 之后：各步按文本中的顺序执行，每次迭代最多一步",
    ],
    [
      "the solver must name its training net by exactly one of net, net_param, train_net and train_net_param; it has none",
      "求解器必须用 net、net_param、train_net 和 train_net_param 中的恰好一个指定训练网络；现在一个也没有",
    ],
    [
      "the solver must name its training net by exactly one of net, net_param, train_net and train_net_param; it has {names}",
      "求解器必须用 net、net_param、train_net 和 train_net_param 中的恰好一个指定训练网络；现在有 {names}",
    ],
    [
      "test_iter must be given once for each test net: there are {n} test nets and {n2} test_iter",
      "每个测试网络必须各有一个 test_iter：现在有 {n} 个测试网络和 {n2} 个 test_iter",
    ],
    [
      "test_state is given {n} times for {n2} test nets; give none, or one each",
      "test_state 给出了 {n} 次，而测试网络有 {n2} 个；请一个都不写，或者每个写一次",
    ],
    ["test_interval must be greater than 0 where there are test nets", "有测试网络时 test_interval 必须大于 0"],
    ["Adam needs momentum of 0 or more and less than 1, not {n}", "Adam 需要 0 以上且小于 1 的 momentum，而不是 {n}"],
    ["Adam needs momentum2 from 0 to 1, not {n}", "Adam 需要 0 到 1 之间的 momentum2，而不是 {n}"],
    ["rms_decay must be 0 or more and less than 1, not {n}", "rms_decay 必须大于等于 0 且小于 1，而不是 {n}"],
    [
      "{type} uses no momentum: it must be 0 or missing, not {n}",
      "{type} 不使用 momentum：它必须为 0 或不写，而不是 {n}",
    ],
    [
      "momentum is {n}: what an update adds never fades away, as it does with the usual 0.9",
      "momentum 为 {n}：每次更新加上的量永远不会衰减，而常用的 0.9 会",
    ],
    ...upgradeTexts,
  ],
};
