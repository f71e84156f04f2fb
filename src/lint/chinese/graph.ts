/** Why layers do not make a net: what `src/core/graph.ts` says. */
import type { Pair } from "./template.js";

/** The connections that are wrong. */
export const graphTexts: readonly Pair[] = [
  ['bottom {n} is "{name}", which no layer above produces', 'bottom {n} 是 "{name}"，其上没有层产生它'],
  ["; there are {names}", "；已有的是 {names}"],
  ['top "{name}" is already produced by layer {other}', 'top "{name}" 已经由层 {other} 产生'],
  ["; it works in place on what {names} reads too", "；它对 {names} 也要读取的内容做原位计算"],
  ["; it works in place on what {names} read too", "；它对 {names} 也要读取的内容做原位计算"],
  ["; it works in place on what has a loss_weight", "；它对带有 loss_weight 的内容做原位计算"],
  ['; layer "{name}" ({place}) produces it where {rules} holds', '；层 "{name}"（{place}）在满足 {rules} 时产生它'],
  ['; layer "{name}" produces it where {rules} holds', '；层 "{name}" 在满足 {rules} 时产生它'],
  [
    '; layer "{name}" ({place}) produces it where {rules} does not hold',
    '；层 "{name}"（{place}）在不满足 {rules} 时产生它',
  ],
  ['; layer "{name}" produces it where {rules} does not hold', '；层 "{name}" 在不满足 {rules} 时产生它'],
];
