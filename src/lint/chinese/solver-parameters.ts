import type { ChineseRule } from "./template.js";

export const solverParameters: ChineseRule = {
  summary: "求解器无法建立，或者字段的作用与看起来不同",
  texts: [
    ["base_lr is missing, which is 0: nothing is learned", "没有写 base_lr，它为 0：什么也学不到"],
    ["lr_policy {name} is unknown; there are {rest}", "lr_policy {name} 不存在；可用的有 {rest}"],
    ["lr_policy is missing; there are {rest}", "没有写 lr_policy；可用的有 {rest}"],
    ["unknown solver type {name}; there are {rest}", "求解器类型 {name} 不存在；可用的有 {rest}"],
    ["test_interval must be greater than 0 where there are test nets", "有测试网络时 test_interval 必须大于 0"],
    ["test_iter is {n}: test net {net} runs no batch", "test_iter 为 {n}：测试网络 {net} 不运行任何批次"],
    ["snapshots cannot be taken: {rest}", "无法保存快照：{rest}"],
    [
      "the solver must name its training net by exactly one of net, net_param, train_net and train_net_param; it has none",
      "求解器必须用 net、net_param、train_net、train_net_param 中的一个指定训练网络；现在一个也没有",
    ],
  ],
};
